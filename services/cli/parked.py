"""`grants parked`: messages that a service could not handle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

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
        table.add_column(heading, overflow="fold")
    with _client(service, folder, url, token) as client:
        for each in _pages(client):
            waits = each["waiting_for"] or ("a person" if each["first"] else "those before it")
            cells = [each[name] for name in ("number", "parked_at", "source", "type", "stream")]
            table.add_row(*(Text(str(cell)) for cell in (*cells, waits, each["attempts"], each["reason"])))
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
        told = _answer(client, "POST", path, {"released", "failed"})
    nothing = number is None and not told["released"] and not told["failed"]
    console.print(f"nothing is parked in {service.value}" if nothing else f"{len(told['released'])} took effect")
    for failed, reason in told["failed"].items():
        console.print(f"FAILED  {failed}: {reason}", markup=False)
    if told["failed"]:
        raise typer.Exit(1)


def _pages(client: httpx.Client) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        query = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        page = _answer(client, "GET", "/v1/parked", {"items", "next"}, query)
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
    if not url.startswith(("http://", "https://")) or not token.isascii() or not token.isprintable():
        raise typer.BadParameter("--url should start with http:// or https://, and a token is printable ASCII")
    headers = {"Authorization": f"Bearer {token}"}
    try:
        return httpx.Client(base_url=url, headers=headers, timeout=_ANSWER_S, trust_env=False)
    except httpx.InvalidURL as error:
        raise typer.BadParameter(f"{url} is no address: {error}", param_hint="--url") from error


def _local(service: LedgerService, folder: Path) -> tuple[str, str]:
    from deploy.local.errors import LocalServerError
    from deploy.local.system_folder import SystemFolder

    place = SystemFolder(folder)
    try:
        record = place.running()
        return place.address(record, service.value), place.token(record, "operator.cli", [Role.OPERATOR])
    except LocalServerError as error:
        raise CannotDo(f"{error}, or give --url") from error


def _answer(
    client: httpx.Client, method: str, path: str, members: set[str], query: dict[str, str] | None = None
) -> dict[str, Any]:
    """The answer's document, which has these members. Raises CannotDo."""
    import httpx

    try:
        response = client.request(method, path, params=query)
    except httpx.HTTPError as error:
        raise CannotDo(f"{client.base_url} does not answer: {type(error).__name__}") from error
    if response.is_error:
        raise CannotDo(f"{method} {client.base_url}{path}: {response.status_code} {response.text}")
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not members <= answer.keys():
        raise CannotDo(f"{client.base_url} does not answer as a service of ours: is the address right?")
    return answer
