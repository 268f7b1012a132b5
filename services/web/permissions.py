"""Who may do what: one table from action to roles, closed by default.

Every route names its action by `Depends(require("case.propose"))`; an action that the table does not know
is an error when the module is loaded, and a route without one is an error when the application is made.

The table says who may ask. What depends on the person or the case is decided behind it: an association
sees its own alone (`limited_to`), the one who proposed never approves, whoever is disqualified never
decides, and an officer decides only while standing in for a decision maker.

    UnknownAction      a route names an action that the table does not have
    UnguardedRoute     a route names no action at all
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from services.web.identity import Identity, Role, identify
from services.web.problems import Problem

ASSOCIATION = frozenset({Role.ASSOCIATION})
OFFICER = frozenset({Role.OFFICER})
DECISION_MAKER = frozenset({Role.DECISION_MAKER})
FINANCE = frozenset({Role.FINANCE})
AUDITOR = frozenset({Role.AUDITOR})
OPERATOR = frozenset({Role.OPERATOR})

PREPARATION = OFFICER | DECISION_MAKER
STAFF = PREPARATION | FINANCE | AUDITOR

NO_ROLE: Final = None
"""Stands for a person with a token and none of the roles."""
ANYONE: Final[frozenset[Role | None]] = frozenset({*Role, NO_ROLE})
"""Everyone with a token."""

INTAKE: Final[Mapping[str, frozenset[Role | None]]] = {
    "association.register": ASSOCIATION | OFFICER,
    "association.read": ASSOCIATION | STAFF,
    "association.correct": OFFICER,
    "association.request_account_change": ASSOCIATION | OFFICER,
    "association.confirm_account_change": OFFICER,
    "person.name": ASSOCIATION | OFFICER,
    "person.read": ASSOCIATION | PREPARATION,
    "person.erase": OFFICER,
    "attachment.store": ASSOCIATION | OFFICER,
    "attachment.read": ASSOCIATION | PREPARATION | AUDITOR,
    "message.read": OFFICER | OPERATOR,
    "message.retry": OFFICER | OPERATOR,
    "call.publish": OFFICER,
    "call.amend": OFFICER,
    "call.read": ANYONE,
    "application.draft": ASSOCIATION,
    "application.submit": ASSOCIATION,
    "application.withdraw": ASSOCIATION | OFFICER,
    "application.supplement": ASSOCIATION | OFFICER,
    "application.request_change": ASSOCIATION | OFFICER,
    "application.register_paper": OFFICER,
    "application.read": ASSOCIATION | PREPARATION | AUDITOR,
    "application.list": ASSOCIATION | PREPARATION | AUDITOR,
    "usage_report.submit": ASSOCIATION | OFFICER,
    "usage_report.read": ASSOCIATION | PREPARATION | AUDITOR,
    "cost_report.submit": ASSOCIATION | OFFICER,
}

DECISIONS: Final[Mapping[str, frozenset[Role | None]]] = {
    "appropriation.set": DECISION_MAKER,
    "appropriation.read": STAFF,
    "case.read": PREPARATION | AUDITOR,
    "case.list": PREPARATION | AUDITOR,
    "case.assign": OFFICER,
    "case.request_supplement": OFFICER,
    "case.transfer": OFFICER,
    "case.decide_task": OFFICER,
    "case.assess": OFFICER,
    "case.propose": OFFICER,
    "case.set_coefficient": OFFICER,
    "allocation.preview": PREPARATION | AUDITOR,
    "allocation.choose": OFFICER,
    "conflict.declare": PREPARATION,
    "conflict.lift": DECISION_MAKER,
    "meeting.convene": DECISION_MAKER,
    "meeting.read": PREPARATION | AUDITOR,
    "meeting.set_agenda": PREPARATION,
    "stand_in.name": DECISION_MAKER,
    "stand_in.read": PREPARATION | AUDITOR,
    "decision.make": PREPARATION,
    "decision.notify": OFFICER,
    "decision.read_document": ASSOCIATION | STAFF,
    "rectification.claim": ASSOCIATION | OFFICER,
    "rectification.decide": PREPARATION,
    "appeal.record": OFFICER,
    "recovery.decide": PREPARATION,
    "negotiation.note": OFFICER,
    "agreement.draft": OFFICER,
    "agreement.read": ASSOCIATION | STAFF,
    "agreement.sign": ASSOCIATION | DECISION_MAKER,
    "partnership.review": OFFICER,
    "own_funding.prove": OFFICER,
    "cost_report.check": OFFICER,
    "change.propose": OFFICER,
    "change.decide": PREPARATION,
    "de_minimis.read": STAFF,
    "hearing.open": OFFICER,
    "hearing.answer": ASSOCIATION | OFFICER,
    "report.check": OFFICER,
    "report.accept": OFFICER,
    "deadline.run": OPERATOR,
}

PAYMENTS: Final[Mapping[str, frozenset[Role | None]]] = {
    "grant.read": FINANCE | AUDITOR,
    "grant.list": FINANCE | AUDITOR,
    "run.propose": FINANCE,
    "run.approve": FINANCE,
    "run.change": FINANCE,
    "approver.set_limit": FINANCE,
    "approver.name_stand_in": FINANCE,
    "approver.read": FINANCE | AUDITOR,
    "run.send": FINANCE,
    "run.read": FINANCE | AUDITOR,
    "bank_file.import": FINANCE,
    "statement.read": FINANCE | AUDITOR,
    "voucher.export": FINANCE,
    "voucher.acknowledge": FINANCE,
    "posting.import": FINANCE,
    "reconciliation.run": FINANCE,
    "reconciliation.read": FINANCE | AUDITOR,
    "difference.assign": FINANCE,
    "difference.resolve": FINANCE,
    "difference.accept": FINANCE,
    "difference.reopen": FINANCE,
    "period.close": FINANCE,
    "account.correct": FINANCE,
    "payment.settle_cause": FINANCE,
    "recovery.plan": FINANCE,
    "recovery.set_off": FINANCE,
    "recovery.write_off": FINANCE,
    "recovery.claim_late_interest": FINANCE,
}

AUDIT: Final[Mapping[str, frozenset[Role | None]]] = {
    "event.query": AUDITOR,
    "proof.read": AUDITOR,
    "export.read": AUDITOR,
    "verification.run": AUDITOR,
}

EVERY_SERVICE: Final[Mapping[str, frozenset[Role | None]]] = {
    "ledger.read": AUDITOR | OPERATOR,
    "register.read": STAFF,
    "parked.read": OPERATOR,
    "parked.retry": OPERATOR,
}

PERMISSIONS: Final[Mapping[str, frozenset[Role | None]]] = {
    **INTAKE,
    **DECISIONS,
    **PAYMENTS,
    **AUDIT,
    **EVERY_SERVICE,
}
"""The whole table: action → the roles that may. An action stands in one group only."""


class UnknownAction(Exception):
    """A route names an action that the table does not have."""


class UnguardedRoute(Exception):
    """A route names no action, so nobody decided who may use it."""


def allowed(action: str, roles: Collection[Role]) -> bool:
    """Whether someone with these roles may. Raises UnknownAction."""
    return not _granting(action).isdisjoint(roles or {NO_ROLE})


def limited_to(identity: Identity, action: str) -> str | None:
    """The business id of the one association whose own data `identity` may see or change by `action`.

    None means no such limit: a role other than the association's grants the action, or all with a token
    may. What lies outside the limit is answered with 404, as if it were not there.
    """
    granting = _granting(action)
    if granting == ANYONE or granting & identity.roles - ASSOCIATION:
        return None
    return identity.association


class Guard:
    """Lets in who may do `action`."""

    def __init__(self, action: str) -> None:
        _granting(action)
        self.action = action

    def admit(self, identity: Identity) -> Identity:
        """The identity itself; raises Problem 403 when this person may not."""
        if not allowed(self.action, identity.roles):
            raise Problem(
                403,
                "forbidden",
                "Not allowed",
                f"The action {self.action} needs one of the roles: {_names(_granting(self.action))}.",
            )
        if _acts_for_unnamed_association(identity, self.action):
            raise Problem(
                403,
                "association-missing",
                "The token names no association",
                "An association's user needs a token whose claim `association` is its business id.",
            )
        return identity


class RequiredAction(Guard):
    """A FastAPI dependency: the identity of a sender who may do `action`, else Problem 401, 403 or 503."""

    async def __call__(self, identity: Annotated[Identity, Depends(identify)]) -> Identity:
        return self.admit(identity)


def require(action: str) -> RequiredAction:
    """The guard of a route: `identity: Annotated[Identity, Depends(require("run.approve"))]`. Raises
    UnknownAction.
    """
    return RequiredAction(action)


def assert_guarded(app: FastAPI, open_paths: Collection[str]) -> None:
    """Raises UnguardedRoute unless every route of `app` requires an action or is one of `open_paths`."""
    for route in iter_route_contexts(app.routes):
        if route.path in open_paths:
            continue
        dependant = getattr(route, "dependant", None)
        if dependant is None or not list(actions_of(dependant)):
            methods = ",".join(sorted(route.methods or ()))
            raise UnguardedRoute(
                f"{methods} {route.path} names no action: give it Depends(require(...)) or list it as open"
            )


def actions_of(dependant: Dependant) -> Iterator[str]:
    """The actions that a route requires, by itself or through what it depends on."""
    guard: object = dependant.call
    if isinstance(guard, Guard):
        yield guard.action
    for inner in dependant.dependencies:
        yield from actions_of(inner)


def _granting(action: str) -> frozenset[Role | None]:
    try:
        return PERMISSIONS[action]
    except KeyError:
        raise UnknownAction(f"the table of permissions has no action {action!r}: add it there") from None


def _acts_for_unnamed_association(identity: Identity, action: str) -> bool:
    granting = _granting(action)
    return granting != ANYONE and not granting & identity.roles - ASSOCIATION and identity.association is None


def _names(roles: Collection[Any]) -> str:
    return ", ".join(sorted(str(role) for role in roles if role is not NO_ROLE))
