"""Whose things a request is about: an association sees and changes its own alone."""

from __future__ import annotations

from uuid import UUID

from schemas.refusals import invalid, not_found
from services.intake.handlers import Applications
from services.web.identity import Identity
from services.web.permissions import limited_to


def own(identity: Identity, action: str, association_id: str) -> None:
    """Another association's things are answered as if they were not there."""
    limit = limited_to(identity, action)
    if limit is not None and limit != association_id:
        raise not_found("such association")


def own_of(identity: Identity, action: str, association_id: str | None) -> str:
    """The association that is meant: the sender's own, or the one that staff name."""
    limit = limited_to(identity, action)
    if limit is not None:
        if association_id not in {None, limit}:
            raise not_found("such association")
        return limit
    if association_id is None:
        raise invalid("association-not-named", "name the association: association_id=1234567-1", "/association_id")
    return association_id


async def own_application(applications: Applications, identity: Identity, action: str, application_id: UUID) -> None:
    """Another association's application is answered as if it were not there."""
    limit = limited_to(identity, action)
    if limit is None:
        return
    loaded = await applications.application(application_id)
    if loaded.state is None or loaded.state.submitted.association_id != limit:
        raise not_found("such application")
