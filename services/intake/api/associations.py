"""Associations and their people over HTTP."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from schemas.facts import Contract, Date
from schemas.identifiers import BusinessId, Slug, Text
from schemas.intake import AssociationRegistered
from services.intake.handlers.associations import Associations, ChangeAccount, CorrectAssociation, NamePerson
from services.ledger import Ledger
from services.web.commands import AsOf, Command, as_of, command, register_entry, register_page, respond
from services.web.identity import Identity
from services.web.pages import PageRequest, page_request
from services.web.permissions import limited_to, require
from services.web.problems import problem_responses

from .ownership import own

Asked = Annotated[PageRequest, Depends(page_request)]
When = Annotated[AsOf, Depends(as_of)]
_ANSWERS = problem_responses(404, 409, 412)


class DropChange(Contract):
    """Why a change of account is not made."""

    reason: Text


class EndPerson(Contract):
    """The last Helsinki date of a person's part."""

    valid_until: Date


class ErasePerson(Contract):
    """Why a person is erased."""

    reason: Text


def router(associations: Associations, ledger: Ledger) -> APIRouter:
    """Registration, reading, corrections, changes of account."""
    routes = APIRouter(tags=["associations"])

    @routes.post("/associations", status_code=201, responses=_ANSWERS)
    async def register_association(
        association: AssociationRegistered,
        commanded: Annotated[Command, Depends(command("association.register"))],
    ) -> Response:
        """Register an association."""
        own(commanded.identity, "association.register", association.association_id)
        return respond(await associations.register(commanded, association), 201)

    @routes.get("/associations")
    async def list_associations(
        asked: Asked,
        when: When,
        identity: Annotated[Identity, Depends(require("association.read"))],
        domicile: Slug | None = None,
    ) -> dict[str, Any]:
        """The associations that the caller may see, as of a moment."""
        where = {"domicile": domicile, "association_id": limited_to(identity, "association.read")}
        return await register_page(ledger, "associations", asked, when, where)

    @routes.get("/associations/{association_id}", responses=problem_responses(404))
    async def read_association(
        association_id: BusinessId,
        when: When,
        response: Response,
        identity: Annotated[Identity, Depends(require("association.read"))],
    ) -> dict[str, Any]:
        """One association as of a moment."""
        own(identity, "association.read", association_id)
        stream = f"association/{association_id}"
        return await register_entry(ledger, response, "associations", association_id, stream, when)

    @routes.post("/associations/{association_id}/corrections", status_code=201, responses=_ANSWERS)
    async def correct_association(
        association_id: BusinessId,
        sent: CorrectAssociation,
        commanded: Annotated[Command, Depends(command("association.correct"))],
    ) -> Response:
        """Correct what an association is, whole and with a reason, by an officer who does not act for it."""
        return respond(await associations.correct(commanded, association_id, sent), 201)

    @routes.post("/associations/{association_id}/account-changes", status_code=201, responses=_ANSWERS)
    async def request_account_change(
        association_id: BusinessId,
        sent: ChangeAccount,
        commanded: Annotated[Command, Depends(command("association.request_account_change"))],
    ) -> Response:
        """Ask for another account. Another person confirms it once the waiting time is over."""
        own(commanded.identity, "association.request_account_change", association_id)
        return respond(await associations.request_account_change(commanded, association_id, sent), 201)

    @routes.post("/associations/{association_id}/account-changes/{change_id}/confirmation", responses=_ANSWERS)
    async def confirm_account_change(
        association_id: BusinessId,
        change_id: UUID,
        commanded: Annotated[Command, Depends(command("association.confirm_account_change"))],
    ) -> Response:
        """Change the account, by another person than the one who asked."""
        return respond(await associations.confirm_account_change(commanded, association_id, change_id))

    @routes.post("/associations/{association_id}/account-changes/{change_id}/refusal", responses=_ANSWERS)
    async def drop_account_change(
        association_id: BusinessId,
        change_id: UUID,
        sent: DropChange,
        commanded: Annotated[Command, Depends(command("association.request_account_change"))],
    ) -> Response:
        """Refuse a change of account, or take it back; an association does so with its own."""
        own(commanded.identity, "association.request_account_change", association_id)
        return respond(await associations.drop_account_change(commanded, association_id, change_id, sent.reason))

    return routes


def persons(associations: Associations, ledger: Ledger) -> APIRouter:
    """The people of an association, what is said of them opened for those who may see it."""
    routes = APIRouter(prefix="/associations/{association_id}/persons", tags=["persons"])

    @routes.post("", status_code=201, responses=_ANSWERS)
    async def name_person(
        association_id: BusinessId,
        sent: NamePerson,
        commanded: Annotated[Command, Depends(command("person.name"))],
    ) -> Response:
        """Name a contact, a signatory, or somebody who may act for the association."""
        own(commanded.identity, "person.name", association_id)
        return respond(await associations.name_person(commanded, association_id, sent), 201)

    @routes.get("", responses=problem_responses(404))
    async def list_persons(
        association_id: BusinessId,
        asked: Asked,
        when: When,
        identity: Annotated[Identity, Depends(require("person.read"))],
    ) -> dict[str, Any]:
        """The association's people as of a moment; of somebody who was erased nothing is left but that they were."""
        own(identity, "person.read", association_id)
        page = await register_page(ledger, "persons", asked, when, {"association_id": association_id})
        return {**page, "items": await associations.reveal(association_id, page["items"])}

    @routes.post("/{person_id}/end", responses=_ANSWERS)
    async def end_person(
        association_id: BusinessId,
        person_id: UUID,
        sent: EndPerson,
        commanded: Annotated[Command, Depends(command("person.name"))],
    ) -> Response:
        """End a person's part."""
        own(commanded.identity, "person.name", association_id)
        return respond(await associations.end_person(commanded, association_id, person_id, sent.valid_until))

    @routes.post("/{person_id}/erasure", responses=_ANSWERS)
    async def erase_person(
        association_id: BusinessId,
        person_id: UUID,
        sent: ErasePerson,
        commanded: Annotated[Command, Depends(command("person.erase"))],
    ) -> Response:
        """Erase what is kept of a person, for good. Every proof still holds."""
        return respond(await associations.erase_person(commanded, association_id, person_id, sent.reason))

    return routes
