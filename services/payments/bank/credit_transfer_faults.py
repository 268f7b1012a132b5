"""What in a payment file breaks a bank profile: the last look at the bytes before they are stored.

It reads any pain.001, ours or not, in flat memory, and asks only what the profile and the EPC's rules of fields say.
Whether the elements are those of the schema is asked elsewhere (``xsd``); check digits of accounts, before it is
written (``credit_transfer_rules``).
"""

from collections.abc import Iterable, Iterator

from schemas.county import BankProfile
from services.payments.bank.characters import CharacterProfile, identifier_fault, outside
from services.payments.bank.credit_transfer_rules import AMOUNT_CENTS_MAX, ID_RIGHT, TOWN_LENGTH_MAX
from services.payments.bank.credit_transfer_writing import VERSIONS, namespace_of
from services.payments.bank.errors import FieldProblem, ReferenceInvalid, ValueInvalid
from services.payments.bank.identifiers import ID_LENGTH_MAX
from services.payments.bank.references import is_finnish_reference, is_rf_reference, reference_of_kind
from services.payments.bank.xml_reading import Node, cents, elements, root_name

_Fault = tuple[str, str, str]
"""The field, what is wrong, what would be right."""
_Totals = tuple[int, int]
"""How many payments, and their sum in cents."""


def profile_faults(data: bytes, profile: BankProfile) -> tuple[FieldProblem, ...]:
    """All that breaks the profile, in the file's order: the field, and the payment's index from 0 (None for what stands
    outside payments). Raises NotXml, Truncated, WrongEncoding or EntitiesRefused.
    """
    found = root_name(data).namespace
    if found != namespace_of(profile):
        return (FieldProblem("message", None, f"is {found}", f"{profile.message}, as the bank profile says"),)
    reading = _Reading(profile)
    for element in elements(data, ("GrpHdr", "CdtTrfTxInf", "PmtInf")):
        reading.take(Node(element, without="CdtTrfTxInf"))
    reading.close()
    return tuple(reading.faults)


class _Reading:
    """What was read so far: the faults, the ids, and how many payments of which sum."""

    def __init__(self, profile: BankProfile) -> None:
        self.faults: list[FieldProblem] = []
        self._profile = profile
        self._first: dict[str, int] = {}
        self._stated: tuple[str, str] = ("", "")
        self._held: _Totals = (0, 0)
        self._held_before_bundle: _Totals = (0, 0)

    def take(self, node: Node) -> None:
        """The group header, then for each bundle its payments and, when it ends, the bundle itself."""
        match node.name:
            case "GrpHdr":
                self._stated = _stated(node)
                self._note(_header_faults(node, self._profile), None)
            case "CdtTrfTxInf":
                self._payment(node)
            case _:
                before, self._held_before_bundle = self._held_before_bundle, self._held
                held = (self._held[0] - before[0], self._held[1] - before[1])
                self._note([*_bundle_faults(node, self._profile), *_totals_faults(_stated(node), held)], None)

    def close(self) -> None:
        """What only the whole file tells."""
        self._note([*_totals_faults(self._stated, self._held), *_count_faults(self._held[0], self._profile)], None)

    def _payment(self, node: Node) -> None:
        index = self._held[0]
        self._held = (index + 1, self._held[1] + (_amount(node) or 0))
        for check in _PAYMENT_CHECKS:
            self._note(check(node, self._profile), index)
        identifier = _raw(node, "PmtId/EndToEndId")
        earlier = self._first.setdefault(identifier, index)
        if earlier != index:
            wrong = f"{identifier!r} is also that of payments[{earlier}]"
            self._note([("end_to_end_id", wrong, "an id of its own for each payment")], index)

    def _note(self, faults: Iterable[_Fault], index: int | None) -> None:
        self.faults += [FieldProblem(field, index, wrong, right) for field, wrong, right in faults]


def _header_faults(node: Node, profile: BankProfile) -> Iterator[_Fault]:
    yield from _identifier("message_id", _raw(node, "MsgId"))
    yield from _text("debtor_name", _raw(node, "InitgPty/Nm"), profile.name_length_max, profile)
    party = node.text("InitgPty/Id/OrgId/Othr/Id")
    if party != profile.initiating_party_id:
        yield "initiating_party_id", f"is {party!r}", f"{profile.initiating_party_id!r}, as the bank profile says"
    if party is not None:
        yield from _identifier("initiating_party_id", party)


def _bundle_faults(node: Node, profile: BankProfile) -> Iterator[_Fault]:
    yield from _identifier("payment_information_id", _raw(node, "PmtInfId"))
    wanted = "true" if profile.batch_booking else "false"
    if node.text("BtchBookg") != wanted:
        yield "batch_booking", f"is {node.text('BtchBookg')!r}", f"{wanted!r}, as the bank profile says"
    yield from _text("debtor_name", _raw(node, "Dbtr/Nm"), profile.name_length_max, profile)
    bic = node.text(f"DbtrAgt/FinInstnId/{VERSIONS[profile.message].bic}")
    yield from _bic("debtor_bic", bic, profile)
    if bic is None and node.text("DbtrAgt/FinInstnId/Othr/Id") != "NOTPROVIDED":
        yield "debtor_bic", "there is none", "NOTPROVIDED in its place"


def _id_faults(node: Node, _profile: BankProfile) -> Iterator[_Fault]:
    yield from _identifier("end_to_end_id", _raw(node, "PmtId/EndToEndId"))


def _amount_faults(node: Node, _profile: BankProfile) -> Iterator[_Fault]:
    amount = node.first("Amt/InstdAmt")
    currency = None if amount is None else amount.get("Ccy")
    if currency != "EUR":
        yield "amount_cents", f"is in {currency}", "euros (EUR)"
    if not 1 <= (_amount(node) or 0) <= AMOUNT_CENTS_MAX:
        yield "amount_cents", repr(_raw(node, "Amt/InstdAmt")), f"whole cents, from 1 to {AMOUNT_CENTS_MAX}"


def _creditor_faults(node: Node, profile: BankProfile) -> Iterator[_Fault]:
    yield from _text("creditor_name", _raw(node, "Cdtr/Nm"), profile.name_length_max, profile)
    yield from _bic("creditor_bic", node.text(f"CdtrAgt/FinInstnId/{VERSIONS[profile.message].bic}"), profile)


def _address_faults(node: Node, profile: BankProfile) -> Iterator[_Fault]:
    address = node.first("Cdtr/PstlAdr")
    if address is None:
        return
    if profile.address == "none":
        yield "town", "there is an address", "no address, as the bank profile says"
        return
    parts = sorted(str(part.tag).rpartition("}")[2] for part in address)
    if parts != ["Ctry", "TwnNm"]:
        yield "town", f"the address has {', '.join(parts) or 'nothing'}", "a town (TwnNm) and a country (Ctry) alone"
    yield from _text("town", _raw(node, "Cdtr/PstlAdr/TwnNm"), TOWN_LENGTH_MAX, profile)


def _remittance_faults(node: Node, profile: BankProfile) -> Iterator[_Fault]:
    references, messages = node.all("RmtInf/Strd/CdtrRefInf/Ref"), node.all("RmtInf/Ustrd")
    if profile.reference_kind is not None and (len(references), len(messages)) != (1, 0):
        wrong = f"there are {len(references)} references and {len(messages)} messages"
        yield "reference", wrong, "one reference and no message, as the bank profile says"
    elif len(references) + len(messages) > 1:
        yield "reference", "stands beside another or a message", "one reference or one message, not both"
    for reference in references:
        yield from _reference(reference.text or "", profile)
    for message in messages:
        yield from _text("message", message.text or "", profile.message_length_max, profile)


_PAYMENT_CHECKS = (_amount_faults, _remittance_faults, _id_faults, _creditor_faults, _address_faults)


def _reference(text: str, profile: BankProfile) -> Iterator[_Fault]:
    if profile.reference_kind is None:
        if not (is_finnish_reference(text) or is_rf_reference(text)):
            yield "reference", f"{text!r} is no reference", "a Finnish reference number or an RF reference"
        return
    try:
        right = reference_of_kind(text, profile.reference_kind)
    except ReferenceInvalid as refused:
        right = refused.right
    if right != text:
        yield "reference", f"{text!r} is not of the kind {profile.reference_kind}", right


def _totals_faults(stated: tuple[str, str], held: _Totals) -> Iterator[_Fault]:
    count, total = held
    right = (str(count), f"{total // 100}.{total % 100:02d}")
    if stated != right:
        yield "payments", f"NbOfTxs and CtrlSum say {stated}", f"{right}, which the file holds"


def _count_faults(count: int, profile: BankProfile) -> Iterator[_Fault]:
    most = profile.payments_per_file_max
    if not 1 <= count <= most:
        yield "payments", f"there are {count}", f"1–{most} in a file, as the bank profile says"


def _identifier(field: str, text: str) -> Iterator[_Fault]:
    fault = identifier_fault(text, ID_LENGTH_MAX)
    if fault is not None:
        yield field, f"{text!r} {fault}", ID_RIGHT


def _text(field: str, text: str, length_max: int, profile: BankProfile) -> Iterator[_Fault]:
    beyond = outside(CharacterProfile(profile.characters), text)
    if beyond:
        yield field, f"{text!r} holds {beyond!r}", f"characters that the bank carries (profile {profile.characters})"
    if not 1 <= len(text.strip()) <= length_max:
        yield field, f"{text!r} has {len(text)} characters", f"1–{length_max} characters"


def _bic(field: str, bic: str | None, profile: BankProfile) -> Iterator[_Fault]:
    if bic is not None and profile.bic == "left_out":
        yield field, f"{bic!r} is written", "no BIC, as the bank profile says"


def _stated(node: Node) -> tuple[str, str]:
    return _raw(node, "NbOfTxs"), _raw(node, "CtrlSum")


def _amount(node: Node) -> int | None:
    """The payment's sum in cents, or None where it is no sum."""
    element = node.first("Amt/InstdAmt")
    try:
        return None if element is None else cents(element)
    except ValueInvalid:
        return None


def _raw(node: Node, path: str) -> str:
    """The text as it stands, spaces at its ends included; nothing where there is none."""
    element = node.first(path)
    return "" if element is None else element.text or ""
