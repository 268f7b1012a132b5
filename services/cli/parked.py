"""`grants parked`: messages that a service could not handle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from services.cli.console import DEFAULT_FOLDER, CannotDo, Folder, LedgerService, console
from services.web.identity import Role

if TYPE_CHECKING:
    import httpx

app = typer.Typer(help="Messages that a service could not handle: list them, try them again.", no_args_is_help=True)

Which = Annotated[LedgerService, typer.Argument(help="Whose parked messages.")]
Url = Annotated[
    str | None, typer.Option("--url", help="The service's base address, instead of --folder; needs GRANTS_TOKEN.")
]
Token = Annotated[
    str | None,
    typer.Option("--token", envvar="GRANTS_TOKEN", show_envvar=True, help="An operator's token, for --url."),
]
_ANSWER_S = 60.0


@app.command("list")
def list_messages(service: Which, folder: Folder = DEFAULT_FOLDER, url: Url = None, token: Token = None) -> None:
    """Show what is parked and why, oldest first."""
    table = Table(box=None)
    for heading in ("number", "since", "source", "type", "stream", "waits for", "tries", "reason"):
        table.add_column(heading)
    with _client(service, folder, url, token) as client:
        for each in _pages(client):
            waits = each["waiting_for"] or ("a person" if each["first"] else "those before it")
            cells = (each["number"], each["parked_at"], each["source"], each["type"], each["stream"], waits)
            table.add_row(*map(str, cells), str(each["attempts"]), each["reason"])
    console.print(table if table.row_count else f"nothing is parked in {service.value}")


@app.command("retry")
def retry(
    service: Which,
    number: Annotated[int | None, typer.Argument(min=1, help="One message; all by default.")] = None,
    folder: Folder = DEFAULT_FOLDER,
    url: Url = None,
    token: Token = None,
) -> None:
    """Try parked messages again, with those that queue behind them. Exit code 1 when one fails again."""
    with _client(service, folder, url, token) as client:
        path = "/v1/parked/retry" if number is None else f"/v1/parked/{number}/retry"
        told = _answer(client, "POST", path)
    console.print(f"{len(told['released'])} took effect")
    for failed, reason in told["failed"].items():
        console.print(f"FAILED  {failed}: {reason}", markup=False)
    if told["failed"]:
        raise typer.Exit(1)


def _pages(client: httpx.Client) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        page = _answer(client, "GET", "/v1/parked", {"limit": "100"} | ({"cursor": cursor} if cursor else {}))
        yield from page["items"]
        cursor = page["next"]
        if cursor is None:
            return


def _client(service: LedgerService, folder: Path, url: str | None, token: str | None) -> httpx.Client:
    import httpx

    if url is None:
        url, token = _local(service, folder)
    if token is None:
        raise typer.BadParameter("an address needs a token: set GRANTS_TOKEN to an operator's")
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=_ANSWER_S, trust_env=False)


def _local(service: LedgerService, folder: Path) -> tuple[str, str]:
    from deploy.local.errors import LocalServerError
    from deploy.local.system_folder import SystemFolder

    place = SystemFolder(folder)
    try:
        record = place.running()
        return record.addresses[service.value], place.token(record, "operator.cli", [Role.OPERATOR])
    except LocalServerError as error:
        raise CannotDo(f"{error}, or give --url") from error


def _answer(client: httpx.Client, method: str, path: str, query: dict[str, str] | None = None) -> dict[str, Any]:
    import httpx

    try:
        response = client.request(method, path, params=query)
    except httpx.HTTPError as error:
        raise CannotDo(f"{client.base_url} does not answer: {type(error).__name__}") from error
    if response.is_error:
        raise CannotDo(f"{method} {client.base_url}{path}: {response.status_code} {response.text}")
    answer: dict[str, Any] = response.json()
    return answer
