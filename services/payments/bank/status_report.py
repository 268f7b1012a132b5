"""Reads the bank's answer to a payment file (pain.002, payment status report).

A bank answers at three levels: the file (group), the bundle (payment information), the payment (transaction).
What is silent at one level is told by the level above. Versions are read by local names, as only their
namespaces differ here.
"""

from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

from services.payments.bank.errors import SchemaInvalid, UnknownNamespace
from services.payments.bank.xml_reading import (
    Node,
    SchemaDeviation,
    elements,
    local_name,
    root_name,
)
from services.payments.bank.xsd import ISO_PREFIX, SchemaPolicy, checked_by_schema

_SWISS_NAMESPACE = "http://www.six-interbank-clearing.com/de/pain.002.001.03.ch.02.xsd"
ACCEPTED_NAMESPACES = (
    *(f"{ISO_PREFIX}pain.002.001.{version:02d}" for version in range(3, 16)),
    _SWISS_NAMESPACE,
)
_TAGS = ("GrpHdr", "OrgnlGrpInfAndSts", "TxInfAndSts", "OrgnlPmtInfAndSts")
_REPEATING_TAGS = ("TxInfAndSts", "OrgnlPmtInfAndSts")


class Outcome(StrEnum):
    """What a status code means for the payer.

    ``accepted`` is not yet "the payee has it"; ``see_below`` (PART) sends to the level below;
    ``payee_checked`` is an answer of the payee verification, which by itself accepts and rejects nothing.
    ``duplicate`` is a rejection because the bank has it already: it says nothing against the first one, and
    nothing may be paid anew because of it.
    """

    ACCEPTED = "accepted"
    PENDING = "pending"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    SEE_BELOW = "see_below"
    PAYEE_CHECKED = "payee_checked"
    UNKNOWN = "unknown"


# ISO 20022 external payment status codes; the RV and RC codes are the payee verification's (VoP).
_OUTCOMES = {
    **dict.fromkeys(("RCVD", "ACTC", "ACCP", "ACSP", "ACSC", "ACWC", "ACWP", "ACFC", "ACCC"), Outcome.ACCEPTED),
    **dict.fromkeys(("PDNG", "PATC"), Outcome.PENDING),
    **dict.fromkeys(("RJCT", "CANC"), Outcome.REJECTED),
    **dict.fromkeys(("PART", "PRES"), Outcome.SEE_BELOW),
    **dict.fromkeys(("RCVC", "RVMC", "RVNM", "RVNA", "RVCM"), Outcome.PAYEE_CHECKED),
}
# ISO 20022 external status reason codes: the file, bundle or payment was received before.
_DUPLICATE_REASONS = frozenset({"AM05", "DUPL", "DU01", "DU02", "DU03", "DU04", "DU05"})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a code such as AC04 (None when the bank gives only words), and the bank's text or ""."""

    code: str | None
    text: str


@dataclass(frozen=True, slots=True)
class PaymentInformationStatus:
    """The bank's answer on one bundle of our file. ``status`` is None where the bank leaves it out."""

    payment_information_id: str
    status: str | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class TransactionStatus:
    """The bank's answer on one payment. ``end_to_end_id`` is None when the bank writes NOTPROVIDED."""

    payment_information_id: str | None
    end_to_end_id: str | None
    instruction_id: str | None
    status: str | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a report says of one payment: the outcome, the status code that decided it, and why."""

    outcome: Outcome
    status: str | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class StatusReport:
    """One pain.002. It concerns the one file of ours whose MsgId is ``original_message_id``."""

    message_id: str | None
    created_at: str | None
    original_message_id: str
    group_status: str | None
    group_reasons: tuple[Reason, ...]
    payment_informations: tuple[PaymentInformationStatus, ...]
    transactions: tuple[TransactionStatus, ...]
    deviations: tuple[SchemaDeviation, ...]

    def verdict_on(self, end_to_end_id: str, payment_information_id: str) -> Verdict:
        """What the report says of one payment of the file.

        The payment's own status counts; where it is silent its bundle's, then the file's. A level that says
        PART and names the payment nowhere leaves it ``unknown``.
        """
        levels: list[tuple[str | None, tuple[Reason, ...]]] = [
            *((t.status, t.reasons) for t in self.transactions if t.end_to_end_id == end_to_end_id),
            *(
                (bundle.status, bundle.reasons)
                for bundle in self.payment_informations
                if bundle.payment_information_id == payment_information_id
            ),
            (self.group_status, self.group_reasons),
        ]
        for status, reasons in levels:
            if status is not None:
                return Verdict(_final(outcome_of(status), reasons), status, reasons)
        return Verdict(Outcome.UNKNOWN, None, ())


def outcome_of(status: str | None) -> Outcome:
    """What a status code means; ``unknown`` for a code that is not in the table or None."""
    return _OUTCOMES.get(status or "", Outcome.UNKNOWN)


def read_status_report(data: bytes, schema_policy: SchemaPolicy = SchemaPolicy.REPORT) -> StatusReport:
    """Read a pain.002, versions .03 to .15 and the Swiss .03.ch.02.

    Checked against the official schema where an installed package ships it (.03, .12, .14, .15), see
    SchemaPolicy. Raises NotXml, Truncated, WrongEncoding, EntitiesRefused, UnknownNamespace, SchemaInvalid.
    """
    namespace = root_name(data).namespace
    if namespace not in ACCEPTED_NAMESPACES:
        raise UnknownNamespace(namespace, ACCEPTED_NAMESPACES)
    parts = _Parts()
    for element in elements(data, _TAGS):
        parts.add(element)
    deviations = checked_by_schema(data, namespace, _REPEATING_TAGS, schema_policy)
    if parts.original_message_id is None:
        raise SchemaInvalid("the report has no OrgnlGrpInfAndSts/OrgnlMsgId: it does not say which file it answers")
    return StatusReport(
        message_id=parts.message_id,
        created_at=parts.created_at,
        original_message_id=parts.original_message_id,
        group_status=parts.group_status,
        group_reasons=parts.group_reasons,
        payment_informations=tuple(parts.payment_informations),
        transactions=tuple(parts.transactions),
        deviations=deviations,
    )


def _final(outcome: Outcome, reasons: tuple[Reason, ...]) -> Outcome:
    if outcome is Outcome.SEE_BELOW:
        return Outcome.UNKNOWN
    if outcome is Outcome.REJECTED and any(reason.code in _DUPLICATE_REASONS for reason in reasons):
        return Outcome.DUPLICATE
    return outcome


class _Parts:
    """What has been read of a report so far."""

    def __init__(self) -> None:
        self.message_id: str | None = None
        self.created_at: str | None = None
        self.original_message_id: str | None = None
        self.group_status: str | None = None
        self.group_reasons: tuple[Reason, ...] = ()
        self.payment_informations: list[PaymentInformationStatus] = []
        self.transactions: list[TransactionStatus] = []

    def add(self, element: etree._Element) -> None:
        match local_name(element):
            case "GrpHdr":
                header = Node(element)
                self.message_id, self.created_at = header.text("MsgId"), header.text("CreDtTm")
            case "OrgnlGrpInfAndSts":
                self._add_group(Node(element))
            case "TxInfAndSts":
                self.transactions.append(_transaction(element))
            case _:
                self.payment_informations.append(_bundle(Node(element, without="TxInfAndSts")))

    def _add_group(self, group: Node) -> None:
        if self.original_message_id is not None:
            raise SchemaInvalid("a second OrgnlGrpInfAndSts: a report answers one file", group.line)
        self.original_message_id = group.required("OrgnlMsgId")
        self.group_status = group.text("GrpSts")
        self.group_reasons = _reasons(group)


def _bundle(node: Node) -> PaymentInformationStatus:
    return PaymentInformationStatus(node.required("OrgnlPmtInfId"), node.text("PmtInfSts"), _reasons(node))


def _transaction(element: etree._Element) -> TransactionStatus:
    node = Node(element)
    bundle = next(element.iterancestors("{*}OrgnlPmtInfAndSts"), None)
    end_to_end_id = node.text("OrgnlEndToEndId")
    return TransactionStatus(
        payment_information_id=(None if bundle is None else Node(bundle, without="TxInfAndSts").text("OrgnlPmtInfId")),
        end_to_end_id=None if end_to_end_id == "NOTPROVIDED" else end_to_end_id,
        instruction_id=node.text("OrgnlInstrId"),
        status=node.text("TxSts"),
        reasons=_reasons(node),
    )


def _reasons(node: Node) -> tuple[Reason, ...]:
    return tuple(
        Reason(information.text("Rsn/Cd", "Rsn/Prtry"), " ".join(information.texts("AddtlInf")))
        for information in map(Node, node.all("StsRsnInf"))
    )
