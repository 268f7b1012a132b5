from __future__ import annotations

from collections import Counter
from itertools import chain, combinations
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI

from services.web.identity import Identity, Role
from services.web.permissions import (
    AUDIT,
    DECISIONS,
    EVERY_SERVICE,
    INTAKE,
    NO_ROLE,
    PAYMENTS,
    PERMISSIONS,
    UnguardedRoute,
    UnknownAction,
    allowed,
    assert_guarded,
    limited_to,
    require,
)
from tests.unit.web import sample
from tests.unit.web.conftest import Issuer, client_of, make_settings, make_verifier
from tests.unit.web.test_problems import problem_in

# The table once more, by hand and by letter, so that a slip in the code's table is seen:
# a association, o officer, d decision maker, f finance, u auditor, p operator, - a token without a role.
EXPECTED = {
    "association.register": "ao",
    "association.read": "aodfu",
    "association.correct": "o",
    "association.request_account_change": "ao",
    "association.confirm_account_change": "o",
    "person.name": "ao",
    "person.read": "aod",
    "person.erase": "o",
    "attachment.store": "ao",
    "attachment.read": "aodu",
    "message.read": "op",
    "message.retry": "op",
    "call.publish": "o",
    "call.amend": "o",
    "call.read": "aodfup-",
    "application.draft": "a",
    "application.submit": "a",
    "application.withdraw": "ao",
    "application.supplement": "ao",
    "application.request_change": "ao",
    "application.register_paper": "o",
    "application.read": "aodu",
    "application.list": "aodu",
    "usage_report.submit": "ao",
    "usage_report.read": "aodu",
    "cost_report.submit": "ao",
    "appropriation.set": "d",
    "appropriation.read": "odfu",
    "case.read": "odu",
    "case.list": "odu",
    "case.assign": "o",
    "case.request_supplement": "o",
    "case.transfer": "o",
    "case.decide_task": "o",
    "case.assess": "o",
    "case.propose": "o",
    "case.set_coefficient": "o",
    "allocation.preview": "odu",
    "allocation.choose": "o",
    "conflict.declare": "od",
    "conflict.lift": "d",
    "meeting.convene": "d",
    "meeting.read": "odu",
    "meeting.set_agenda": "od",
    "stand_in.name": "d",
    "stand_in.read": "odu",
    "decision.make": "od",
    "decision.notify": "o",
    "decision.read_document": "aodfu",
    "rectification.claim": "ao",
    "rectification.decide": "od",
    "appeal.record": "o",
    "recovery.decide": "od",
    "negotiation.note": "o",
    "agreement.draft": "o",
    "agreement.read": "aodfu",
    "agreement.sign": "ad",
    "partnership.review": "o",
    "own_funding.prove": "o",
    "cost_report.check": "o",
    "change.propose": "o",
    "change.decide": "od",
    "de_minimis.read": "odfu",
    "hearing.open": "o",
    "hearing.answer": "ao",
    "report.check": "o",
    "report.accept": "o",
    "deadline.run": "p",
    "grant.read": "fu",
    "grant.list": "fu",
    "run.propose": "f",
    "run.approve": "f",
    "run.change": "f",
    "approver.set_limit": "f",
    "approver.name_stand_in": "f",
    "approver.read": "fu",
    "run.send": "f",
    "run.read": "fu",
    "bank_file.import": "f",
    "statement.read": "fu",
    "voucher.export": "f",
    "voucher.acknowledge": "f",
    "posting.import": "f",
    "reconciliation.run": "f",
    "reconciliation.read": "fu",
    "difference.assign": "f",
    "difference.resolve": "f",
    "difference.accept": "f",
    "difference.reopen": "f",
    "period.close": "f",
    "account.correct": "f",
    "payment.settle_cause": "f",
    "recovery.plan": "f",
    "recovery.set_off": "f",
    "recovery.write_off": "f",
    "recovery.claim_late_interest": "f",
    "event.query": "u",
    "proof.read": "u",
    "export.read": "u",
    "verification.run": "u",
    "ledger.read": "up",
    "register.read": "odfu",
    "parked.read": "p",
    "parked.retry": "p",
}
LETTERS: dict[Role | None, str] = {
    Role.ASSOCIATION: "a",
    Role.OFFICER: "o",
    Role.DECISION_MAKER: "d",
    Role.FINANCE: "f",
    Role.AUDITOR: "u",
    Role.OPERATOR: "p",
    NO_ROLE: "-",
}
CELLS = [(action, role) for action in PERMISSIONS for role in LETTERS]


def test_the_table_has_exactly_the_expected_actions_each_in_one_group() -> None:
    assert set(PERMISSIONS) == set(EXPECTED)
    count = Counter(chain(INTAKE, DECISIONS, PAYMENTS, AUDIT, EVERY_SERVICE))
    assert {action for action, groups in count.items() if groups > 1} == set()


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[FastAPI, Issuer]:
    """An application with a route for each action of the table, and the issuer that it trusts."""
    router = APIRouter()
    for action in PERMISSIONS:
        router.add_api_route(f"/v1/act/{action}", _person_of(action), methods=["GET"])
    issuer = Issuer()
    settings = make_settings(tmp_path_factory.mktemp("table"))
    return sample.make(settings, make_verifier(issuer), None, router), issuer


def _person_of(action: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the annotation must hold the action
    async def answer(identity: Annotated[Identity, Depends(require(action))]) -> str:
        return identity.person

    answer.__annotations__["identity"] = Annotated[Identity, Depends(require(action))]
    return answer


async def asked(
    table: tuple[FastAPI, Issuer], action: str, roles: list[Role], association: str | None = None
) -> httpx.Response:
    app, issuer = table
    token = issuer.token(roles=[role.value for role in roles], association=association)
    async with client_of(app) as client:
        return await client.get(f"/v1/act/{action}", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize(("action", "role"), CELLS, ids=str)
async def test_a_route_answers_those_whom_the_table_lets_in_and_nobody_else(
    table: tuple[FastAPI, Issuer], action: str, role: Role | None
) -> None:
    answer = await asked(table, action, [] if role is None else [role], association="2050864-5")
    if LETTERS[role] in EXPECTED[action]:
        assert (answer.status_code, answer.json()) == (200, "p-1")
    else:
        problem_in(answer, 403, "forbidden")


@pytest.mark.parametrize("action", PERMISSIONS)
def test_several_roles_may_what_one_of_them_may(action: str) -> None:
    for roles in chain.from_iterable(combinations(Role, size) for size in range(len(Role) + 1)):
        letters = {LETTERS[role] for role in roles} or {"-"}
        assert allowed(action, roles) is bool(letters & set(EXPECTED[action]))


def test_an_unknown_action_is_an_error_when_the_route_is_written() -> None:
    with pytest.raises(UnknownAction, match=r"no action 'case\.delete'"):
        require("case.delete")


async def test_an_association_without_its_business_id_in_the_token_is_refused(
    table: tuple[FastAPI, Issuer],
) -> None:
    refused = await asked(table, "application.submit", [Role.ASSOCIATION])
    problem_in(refused, 403, "association-missing")
    assert (await asked(table, "application.read", [Role.ASSOCIATION, Role.OFFICER])).status_code == 200
    assert (await asked(table, "call.read", [Role.ASSOCIATION])).status_code == 200


@pytest.mark.parametrize(
    ("roles", "action", "limit"),
    [
        ({Role.ASSOCIATION}, "application.read", "2050864-5"),
        ({Role.ASSOCIATION, Role.FINANCE}, "application.read", "2050864-5"),
        ({Role.ASSOCIATION, Role.OFFICER}, "application.read", None),
        ({Role.AUDITOR}, "application.read", None),
        ({Role.ASSOCIATION}, "call.read", None),
    ],
)
def test_an_association_is_limited_to_its_own_unless_another_role_lets_it_in(
    roles: set[Role], action: str, limit: str | None
) -> None:
    assert limited_to(Identity("p-1", frozenset(roles), "2050864-5"), action) == limit


async def _nothing() -> None: ...


@pytest.mark.parametrize("nested", [False, True])
def test_an_application_with_an_unguarded_route_is_not_made(nested: bool) -> None:
    router = APIRouter()
    router.add_api_route("/v1/open", _nothing, methods=["POST"])
    outer = APIRouter(prefix="/outer")
    outer.include_router(router)
    app = FastAPI(openapi_url=None)
    app.include_router(outer if nested else router)
    path = "/outer/v1/open" if nested else "/v1/open"
    with pytest.raises(UnguardedRoute, match=f"POST {path} names no action"):
        assert_guarded(app, ())
    assert_guarded(app, {path})


def test_a_mounted_application_is_unguarded_too() -> None:
    app = FastAPI(openapi_url=None)
    app.mount("/static", FastAPI())
    with pytest.raises(UnguardedRoute):
        assert_guarded(app, ())


def test_a_guard_on_the_router_guards_its_routes() -> None:
    router = APIRouter(dependencies=[Depends(require("parked.read"))])
    router.add_api_route("/v1/parked", _nothing)
    app = FastAPI(openapi_url=None)
    app.include_router(router)
    assert_guarded(app, ())
