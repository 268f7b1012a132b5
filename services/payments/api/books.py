"""Reconciliation, differences and periods over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import StreamingResponse

from schemas.facts import Contract
from schemas.identifiers import Period, Person, Slug, Text
from schemas.money import euros
from schemas.payments import DifferenceClass
from services.ledger import Ledger
from services.payments.closing import Books
from services.payments.domain.reconciliation import Line
from services.payments.periods import Periods
from services.web.commands import AsOf, Command, as_of, command, register_page, respond
from services.web.pages import PageRequest, cut_page, page_request
from services.web.permissions import require
from services.web.problems import Problem, problem_responses

Asked = Annotated[PageRequest, Depends(page_request)]
When = Annotated[AsOf, Depends(as_of)]
_ANSWERS = problem_responses(404, 409, 412)
Year = Annotated[int, Path(ge=2020, le=2100)]
LineClass = Literal["matched", DifferenceClass]
"""The class of a line, as one list: of a union a wrong value would be refused twice."""
DifferenceState = Literal["open", "explained", "accepted", "dissolved"]


class Reconcile(Contract):
    """The month to reconcile."""

    period: Period


class Explain(Contract):
    """The cause of a difference, and how it is put right."""

    explanation: Text


class Accept(Contract):
    """Why the explanation is accepted, or does not hold."""

    reason: Text


class Assign(Contract):
    """Who is to find out about a difference."""

    assignee: Person


class Comment(Contract):
    """A remark on a difference."""

    comment: Text


def reconciliation(books: Books, ledger: Ledger) -> APIRouter:
    """Reconciling a month, and the life of its differences."""
    routes = APIRouter(tags=["reconciliation"])

    @routes.post("/reconciliations", status_code=201, responses=_ANSWERS)
    async def reconcile(
        sent: Reconcile, commanded: Annotated[Command, Depends(command("reconciliation.run"))]
    ) -> Response:
        """Compare ledger, bank and back office for a month, and raise each difference once."""
        return respond(await books.reconcile(commanded, sent.period), 201)

    @routes.get(
        "/reconciliations/{period}",
        dependencies=[Depends(require("reconciliation.read"))],
        responses={**_ANSWERS, **problem_responses(400)},
    )
    async def read_lines(
        period: Period, asked: Asked, when: When, line_class: LineClass | None = None
    ) -> dict[str, Any]:
        """The lines of a month's comparison, each with its class, as of a moment; a cursor goes on as of the same.
        `off` is by how much a line that matches differs within the `tolerance`.
        """
        first, position = await _place(ledger, asked, when)
        lines, inputs, _ = await books.lines(period, position)
        chosen = [(number, line) for number, line in enumerate(lines) if line_class in {None, line.line_class}]
        rest = [each for each in chosen if each[0] >= first][: asked.rows]
        shown, following = cut_page(rest, asked, lambda each: (position, each[0] + 1))
        return {
            "period": period,
            "items": [_shown(line) for _, line in shown],
            "next": following,
            "tolerance": euros(books.tolerance(period)),
            "inputs": inputs,
            "position": position,
        }

    @routes.get("/differences", dependencies=[Depends(require("reconciliation.read"))])
    async def list_differences(
        asked: Asked,
        when: When,
        period: Period | None = None,
        state: DifferenceState | None = None,
        difference_class: DifferenceClass | None = None,
    ) -> dict[str, Any]:
        """The differences as of a moment."""
        where = {"period": period, "state": state, "difference_class": difference_class}
        return await register_page(ledger, "differences", asked, when, where)

    @routes.post("/differences/{difference_id}/explanation", responses=_ANSWERS)
    async def explain(
        difference_id: Slug,
        sent: Explain,
        commanded: Annotated[Command, Depends(command("difference.resolve"))],
    ) -> Response:
        """Explain a difference."""
        return respond(await books.explain(commanded, difference_id, sent.explanation))

    @routes.post("/differences/{difference_id}/acceptance", responses=_ANSWERS)
    async def accept(
        difference_id: Slug,
        sent: Accept,
        commanded: Annotated[Command, Depends(command("difference.accept"))],
    ) -> Response:
        """Accept another person's explanation."""
        return respond(await books.accept(commanded, difference_id, sent.reason))

    @routes.post("/differences/{difference_id}/assignment", responses=_ANSWERS)
    async def assign(
        difference_id: Slug,
        sent: Assign,
        commanded: Annotated[Command, Depends(command("difference.assign"))],
    ) -> Response:
        """Give a difference to somebody."""
        return respond(await books.assign(commanded, difference_id, sent.assignee))

    @routes.post("/differences/{difference_id}/comments", status_code=201, responses=_ANSWERS)
    async def comment(
        difference_id: Slug,
        sent: Comment,
        commanded: Annotated[Command, Depends(command("difference.resolve"))],
    ) -> Response:
        """Add a remark to a difference."""
        return respond(await books.comment(commanded, difference_id, sent.comment), 201)

    @routes.post("/differences/{difference_id}/reopening", responses=_ANSWERS)
    async def reopen(
        difference_id: Slug,
        sent: Accept,
        commanded: Annotated[Command, Depends(command("difference.reopen"))],
    ) -> Response:
        """Open a settled difference again."""
        return respond(await books.reopen(commanded, difference_id, sent.reason))

    return routes


async def _place(ledger: Ledger, asked: PageRequest, when: AsOf) -> tuple[int, int]:
    """The number of the line to begin with, and the position as of which: a cursor's own. Raises Problem 400 when
    another one is asked for beside the cursor.
    """
    start = asked.after(int, int)
    newest = (await ledger.head()).size
    if start is None:
        return 0, min(await when.resolve(ledger), newest)
    position, first = max(int(start[0]), 0), int(start[1])
    if when != AsOf(None, None) and await when.resolve(ledger) != position:
        right = "goes on as of the position of the first page: leave position and moment out"
        raise Problem(400, "cursor-invalid", "The cursor cannot be used", f"The cursor {right}.")
    return first, min(position, newest)


def _shown(line: Line) -> dict[str, Any]:
    return {
        "class": line.line_class,
        "subject": line.subject,
        "expected": line.expected,
        "found": line.found,
        "amount": euros(line.amount),
        "off": euros(line.off),
        "application_id": None if line.application_id is None else str(line.application_id),
    }


def periods(books: Books, closing: Periods, ledger: Ledger) -> APIRouter:
    """Closing a month and a year, and the balances."""
    routes = APIRouter(tags=["periods"])

    @routes.post("/periods/{period}/closing", responses=_ANSWERS)
    async def close(period: Period, commanded: Annotated[Command, Depends(command("period.close"))]) -> Response:
        """Close a month."""
        return respond(await closing.close(commanded, period))

    @routes.get(
        "/periods/{period}/checklist", dependencies=[Depends(require("reconciliation.read"))], responses=_ANSWERS
    )
    async def read_checklist(period: Period) -> dict[str, Any]:
        """What is done and what is left before a month can be closed."""
        return await closing.checklist(period)

    @routes.post("/years/{year}/closing", responses=_ANSWERS)
    async def close_year(year: Year, commanded: Annotated[Command, Depends(command("period.close"))]) -> Response:
        """Close a year whose months are closed; the answer names its two documents by their SHA-256."""
        return respond(await closing.close_year(commanded, year))

    @routes.get("/years/{year}/checklist", dependencies=[Depends(require("reconciliation.read"))], responses=_ANSWERS)
    async def read_year(year: Year) -> dict[str, Any]:
        """What is done and what is left before a year can be closed, and its closing."""
        return await closing.year_checklist(year)

    @routes.get("/years", dependencies=[Depends(require("reconciliation.read"))])
    async def list_years(asked: Asked, when: When) -> dict[str, Any]:
        """The years that were closed."""
        return await register_page(ledger, "years", asked, when, {})

    @routes.get("/periods", dependencies=[Depends(require("reconciliation.read"))])
    async def list_periods(asked: Asked, when: When) -> dict[str, Any]:
        """The months that were reconciled or closed."""
        return await register_page(ledger, "periods", asked, when, {})

    @routes.get(
        "/ledger.beancount",
        dependencies=[Depends(require("reconciliation.read"))],
        response_class=StreamingResponse,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def export_beancount(when: When) -> StreamingResponse:
        """The whole ledger as a Beancount file: books in text, which `bean-check` checks."""
        headers = {"Content-Disposition": 'attachment; filename="ledger.beancount"'}
        pieces = books.beancount(await when.resolve(ledger))
        return StreamingResponse(pieces, media_type="text/plain; charset=utf-8", headers=headers)

    @routes.get("/trial-balance", dependencies=[Depends(require("reconciliation.read"))])
    async def trial_balance(when: When, period: Period | None = None) -> dict[str, Any]:
        """Each account's balance; the total is zero."""
        return await books.trial_balance(period, await when.resolve(ledger))

    return routes
