"""Personal data in events: encrypted with a key of the person before it enters a body, so that destroying the key
erases it everywhere while every hash and proof stays valid (P11).

A field that holds personal data is declared by its type: `Annotated[Sealed, PersonalData("name", "email")]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from .facts import Contract


class Sealed(Contract):
    """What is said of a person, encrypted: AES-256-GCM under the person's key; `ciphertext` is base64 of nonce (12
    bytes), ciphertext and tag (16 bytes). The person's id is authenticated with it.
    """

    person_id: UUID
    ciphertext: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=8192)]


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Declares a sealed field: what it holds of a person once it is opened."""

    holds: tuple[str, ...]

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "x-personal-data": list(self.holds)}


SealedDetails = Annotated[Sealed, PersonalData(("name", "email", "phone"))]
"""A person's name and how they are reached."""
