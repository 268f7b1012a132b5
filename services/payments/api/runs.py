"""Payment runs and who approves them, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from schemas.facts import Contract, Date
from schemas.identifiers import Text
from services.ledger import Ledger
from services.payments.approving import Approve, Approving, EndApproverStandIn, NameApproverStandIn, SetLimit, TakeOut
from services.payments.handlers import Payments
from services.web.commands import AsOf, Command, as_of, command, register_entry, register_page, respond
from services.web.pages import PageRequest, page_request
from services.web.permissions import require
from services.web.problems import problem_responses

Asked = Annotated[PageRequest, Depends(page_request)]
When = Annotated[AsOf, Depends(as_of)]
_ANSWERS = problem_responses(404, 409, 412)
RunState = Literal["proposed", "approved", "built", "sent", "cancelled"]


class ProposeRun(Contract):
    """A run on an execution date (Helsinki); without applications, of all that is payable."""

    execution_date: Date
    application_ids: tuple[UUID, ...] | None = Field(default=None, min_length=1, max_length=20000)


class SendAgain(Contract):
    """What the bank said of the file."""

    reason: Text


def router(payments: Payments, approving: Approving, ledger: Ledger) -> APIRouter:
    """Payment runs from the proposal to the bank file."""
    routes = APIRouter(tags=["runs"])

    @routes.post("/runs", status_code=201, responses=_ANSWERS)
    async def propose(sent: ProposeRun, commanded: Annotated[Command, Depends(command("run.propose"))]) -> Response:
        """Propose a payment run."""
        return respond(await payments.propose(commanded, sent.execution_date, sent.application_ids), 201)

    @routes.get("/runs", dependencies=[Depends(require("run.read"))])
    async def list_runs(asked: Asked, when: When, state: RunState | None = None) -> dict[str, Any]:
        """The runs as of a moment."""
        return await register_page(ledger, "runs", asked, when, {"state": state})

    @routes.get("/runs/{run_id}", dependencies=[Depends(require("run.read"))], responses=problem_responses(404))
    async def read_run(run_id: UUID, when: When, response: Response) -> dict[str, Any]:
        """One run as of a moment."""
        return await register_entry(ledger, response, "runs", str(run_id), f"run/{run_id}", when)

    @routes.post("/runs/{run_id}/approvals", status_code=201, responses=_ANSWERS)
    async def approve(
        run_id: UUID,
        commanded: Annotated[Command, Depends(command("run.approve"))],
        sent: Approve | None = None,
    ) -> Response:
        """Approve a run, or some of its lines."""
        return respond(await approving.approve(commanded, run_id, sent or Approve()), 201)

    @routes.post("/runs/{run_id}/removals", responses=_ANSWERS)
    async def take_out(
        run_id: UUID, sent: TakeOut, commanded: Annotated[Command, Depends(command("run.change"))]
    ) -> Response:
        """Take lines out of a run; approvals given before are void."""
        return respond(await approving.take_out(commanded, run_id, sent))

    @routes.post("/runs/{run_id}/file", responses=_ANSWERS)
    async def build_file(run_id: UUID, commanded: Annotated[Command, Depends(command("run.send"))]) -> Response:
        """Build and store the bank file of an approved run."""
        return respond(await payments.build_file(commanded, run_id))

    @routes.post("/runs/{run_id}/sending", responses=_ANSWERS)
    async def send(run_id: UUID, commanded: Annotated[Command, Depends(command("run.send"))]) -> Response:
        """Hand the stored file to the channel to the bank, once."""
        return respond(await payments.send(commanded, run_id))

    @routes.post("/runs/{run_id}/sending-again", responses=_ANSWERS)
    async def send_again(
        run_id: UUID, sent: SendAgain, commanded: Annotated[Command, Depends(command("run.send"))]
    ) -> Response:
        """Hand the same file over once more, when the bank says that it never came."""
        return respond(await payments.send_again(commanded, run_id, sent.reason))

    return routes


def approvers(approving: Approving, ledger: Ledger) -> APIRouter:
    """Who may approve how much, and in whose place."""
    routes = APIRouter(prefix="/approvers", tags=["approvers"])

    @routes.get("", dependencies=[Depends(require("approver.read"))])
    async def list_approvers(asked: Asked, when: When) -> dict[str, Any]:
        """The limits and stand-ins of those who approve."""
        return await register_page(ledger, "approvers", asked, when, {})

    @routes.post("/limits", status_code=201, responses=_ANSWERS)
    async def set_limit(
        sent: SetLimit, commanded: Annotated[Command, Depends(command("approver.set_limit"))]
    ) -> Response:
        """Set up to which sum another person approves at once."""
        return respond(await approving.set_limit(commanded, sent), 201)

    @routes.post("/stand-ins", status_code=201, responses=_ANSWERS)
    async def name_stand_in(
        sent: NameApproverStandIn, commanded: Annotated[Command, Depends(command("approver.name_stand_in"))]
    ) -> Response:
        """Name who approves in the sender's place."""
        return respond(await approving.name_stand_in(commanded, sent), 201)

    @routes.post("/stand-ins/{stand_in_id}/end", responses=_ANSWERS)
    async def end_stand_in(
        stand_in_id: UUID,
        sent: EndApproverStandIn,
        commanded: Annotated[Command, Depends(command("approver.name_stand_in"))],
    ) -> Response:
        """End a standing in early."""
        return respond(await approving.end_stand_in(commanded, stand_in_id, sent))

    return routes
