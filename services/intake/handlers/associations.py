"""Commands on associations: registration, corrections, changes of account by two people, and the people who act for
them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field
from uuid_utils.compat import uuid7

from schemas.calls import AssociationKind
from schemas.county import County
from schemas.facts import Contract, Date, Fact
from schemas.helsinki import HELSINKI
from schemas.identifiers import AssociationNumber, Iban, Name, Person, Sha256, Slug, Text
from schemas.intake import (
    AccountChangeRequested,
    AssociationCorrected,
    AssociationRegistered,
    PersonNamed,
)
from schemas.personal import Sealed
from schemas.refusals import invalid, not_found
from schemas.words import Language
from services.intake.domain import associations
from services.intake.domain.associations import Association
from services.intake.messages.errors import AddresseeInvalid
from services.intake.messages.mail import mailbox
from services.intake.person_keys import PersonKeys
from services.ledger import Ledger
from services.web.clock import Clock
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Loaded, Plan, load
from services.web.permissions import limited_to
from services.web.preconditions import check_version
from services.web.problems import Problem

from .applications import check_mandate

ERASED = "erased"


class CorrectAssociation(Contract):
    """What an association is from now on, whole, and why: what the register of associations says by now."""

    name: Name
    display_name: Name
    register_number: AssociationNumber | None
    domicile: Slug
    kind: AssociationKind
    language: Language
    reason: Text


class ChangeAccount(Contract):
    """Another account for payments; `proof_sha256` is the hash of the bank's proof, stored as an attachment."""

    iban: Iban
    reason: Text
    proof_sha256: Sha256 | None = None


def _reachable(address: str) -> str:
    """The address itself, if a mail can be sent to it. Raises ValueError."""
    try:
        mailbox(address)
    except AddresseeInvalid as error:
        raise ValueError(str(error)) from None
    return address


class NamePerson(Contract):
    """A contact, signatory or mandate holder: how they are reached, and their id in tokens if they act here."""

    role: Literal["contact", "signatory", "mandate"]
    person: Person | None = None
    name: Name
    email: Annotated[str, AfterValidator(_reachable)] = Field(max_length=254, pattern=r"^[^@\s]{1,64}@[^@\s]+$")
    phone: str | None = Field(default=None, pattern=r"^\+?[0-9 ()-]{5,30}$")
    valid_from: Date
    valid_until: Date | None = None


class Associations:
    """The commands. Each returns once its events are durable."""

    def __init__(self, ledger: Ledger, county: County, clock: Clock, keys: PersonKeys | None) -> None:
        self._ledger = ledger
        self._county = county
        self._clock = clock
        self._keys = keys

    def today(self) -> date:
        """The Helsinki date now."""
        return self._clock().astimezone(HELSINKI).date()

    async def association(self, association_id: str) -> Loaded[Association | None]:
        return await load(self._ledger, f"association/{association_id}", associations.evolve, None)

    async def register(self, command: Command, association: AssociationRegistered) -> Answer:
        async def decide() -> Plan:
            loaded = await self.association(association.association_id)
            facts = associations.register(loaded.state, association)
            return Plan((loaded.write(facts),), {"association_id": association.association_id})

        return await carry_out(self._ledger, command, decide)

    async def correct(self, command: Command, association_id: str, sent: CorrectAssociation) -> Answer:
        """Corrects what an association is, by an officer who does not act for it. Raises Problem 412 when somebody else
        acted on it at the same moment: a correction comes whole, and would take the other's back unseen.
        """
        person, today = command.identity.person, self.today()
        corrected = AssociationCorrected(association_id=association_id, person=person, **dict(sent))
        named = command.identity.association == association_id
        met: list[int] = []

        async def decide() -> Plan:
            loaded, state = await self._existing(association_id)
            met.append(loaded.version)
            check_version(met[0], loaded.version)
            facts = associations.correct(state, corrected, today, named=named)
            return Plan((loaded.write(facts),), {"association_id": association_id})

        return await carry_out(self._ledger, command, decide)

    async def request_account_change(self, command: Command, association_id: str, sent: ChangeAccount) -> Answer:
        """Asks for another account; somebody else confirms it once the waiting time is over. A proof is a file that the
        association stored.
        """
        if sent.proof_sha256 is not None:
            await self._check_stored(association_id, sent.proof_sha256)
        today = self.today()
        not_before = today + timedelta(days=self._county.payment_rules(today).account_change_days)
        request = AccountChangeRequested(
            association_id=association_id, change_id=uuid7(), iban=sent.iban, reason=sent.reason,
            proof_sha256=sent.proof_sha256, not_before=not_before, person=command.identity.person,
        )  # fmt: skip
        answer = {"change_id": str(request.change_id), "not_before": not_before.isoformat()}
        return await self._act(
            command,
            association_id,
            lambda state: associations.request_account_change(state, request),
            answer,
            "association.request_account_change",
        )

    async def confirm_account_change(self, command: Command, association_id: str, change_id: UUID) -> Answer:
        """Changes the account. The attempt of the one who asked, or who acts for the association, is refused and
        recorded.
        """
        person, today = command.identity.person, self.today()
        named = command.identity.association == association_id

        async def decide() -> Plan:
            loaded, state = await self._existing(association_id)
            refused = associations.refused_confirmation(state, change_id, person, today, named=named)
            if refused is not None:
                return Plan((loaded.write([refused]),), {}, associations.refusal_of(state, refused))
            facts = associations.confirm_account_change(state, change_id, person, today)
            return Plan((loaded.write(facts),), {"association_id": association_id})

        return await carry_out(self._ledger, command, decide)

    async def _check_stored(self, association_id: str, sha256: str) -> None:
        position = (await self._ledger.head()).size
        where = {"association_id": association_id, "sha256": sha256}
        if not await self._ledger.page("attachments", position, where=where, limit=1):
            raise invalid("unknown-proof", "the proof is a file that this association stored here: store it first",
                          "/proof_sha256")  # fmt: skip

    async def drop_account_change(self, command: Command, association_id: str, change_id: UUID, reason: str) -> Answer:
        """Takes a requested change back, or refuses it; whoever may ask for one may do so."""
        person = command.identity.person
        return await self._act(
            command,
            association_id,
            lambda state: associations.drop_account_change(state, change_id, reason, person),
            {"change_id": str(change_id)},
            "association.request_account_change",
        )

    async def name_person(self, command: Command, association_id: str, sent: NamePerson) -> Answer:
        """Names a person; what is said of them is encrypted with a key of their own before it enters the event."""
        person_id = uuid7()
        details = {"name": sent.name, "email": sent.email, "phone": sent.phone or ""}
        await self._existing(association_id)
        sealed = await self._person_keys().seal(person_id, details)
        named = PersonNamed(
            association_id=association_id, person_id=person_id, role=sent.role, person=sent.person, details=sealed,
            valid_from=sent.valid_from, valid_until=sent.valid_until,
        )  # fmt: skip
        return await self._act(
            command,
            association_id,
            lambda state: associations.name_person(state, named),
            {"person_id": str(person_id)},
            "person.name",
        )

    async def end_person(self, command: Command, association_id: str, person_id: UUID, valid_until: date) -> Answer:
        return await self._act(
            command,
            association_id,
            lambda state: associations.end_person(state, person_id, valid_until),
            {"person_id": str(person_id)},
            "person.name",
        )

    async def erase_person(self, command: Command, association_id: str, person_id: UUID, reason: str) -> Answer:
        """Destroys the person's key, then records it. A crash between the two leaves them erased, and the command sent
        again records it. What would refuse the command refuses it before the key is gone, for nothing brings it back.
        """
        loaded, state = await self._existing(association_id)
        associations.person(state, person_id)
        await self._check_first(command, loaded.version)
        await self._person_keys().destroy(person_id)
        return await self._act(
            replace(command, seen=None),
            association_id,
            lambda state: associations.erase_person(state, person_id, reason),
            {"person_id": str(person_id)},
            "person.erase",
        )

    async def _check_first(self, command: Command, version: int) -> None:
        """Raises KeyReused for a key of another command, and Problem 412 when another version was seen."""
        key = command.key
        if key is None or await self._ledger.answered(key.actor, key.key, key.fingerprint) is None:
            check_version(command.seen, version)

    async def reveal(self, association_id: str, documents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """An association's documents of the register of persons with what is said of each person opened, or "erased":
        for whom the ledger names as erased by now also where a restored backup has brought their key back.
        """
        if self._keys is None:
            return [{**document, "details": None} for document in documents]
        sealed = [Sealed.model_validate(each["details"]) for each in documents]
        _, state = await self._existing(association_id)
        opened = await self._keys.open(each for each in sealed if each.person_id not in state.erased)
        return [
            {**document, "details": dict(opened[one]) if one in opened else ERASED}
            for document, one in zip(documents, sealed, strict=True)
        ]

    def _person_keys(self) -> PersonKeys:
        if self._keys is None:
            raise Problem(
                503, "person-keys-missing", "Persons cannot be kept here",
                "The service has no key-encryption key (GRANTS_KEY_ENCRYPTION_KEY_FILE), without which nothing that is "
                "said of a person may be kept.",
            )  # fmt: skip
        return self._keys

    async def _existing(self, association_id: str) -> tuple[Loaded[Association | None], Association]:
        loaded = await self.association(association_id)
        if loaded.state is None:
            raise not_found("such association")
        return loaded, loaded.state

    def _check_own(self, command: Command, action: str, state: Association) -> None:
        """An association's own user needs its mandate here as anywhere, or could name themselves as who may act."""
        if limited_to(command.identity, action) is not None:
            check_mandate(state, command.identity.person, self.today())

    async def _act(
        self,
        command: Command,
        association_id: str,
        act: Callable[[Association], list[Fact]],
        answer: dict[str, Any],
        action: str,
    ) -> Answer:
        async def decide() -> Plan:
            loaded, state = await self._existing(association_id)
            self._check_own(command, action, state)
            return Plan((loaded.write(act(state)),), {"association_id": association_id, **answer})

        return await carry_out(self._ledger, command, decide)
