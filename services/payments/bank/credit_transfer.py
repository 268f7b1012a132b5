"""Writes payment files (pain.001.001.09, SEPA credit transfers) for the bank.

The rules are those of the EPC implementation guidelines and of Finnish banks: identifiers of the SEPA basic
set, names of at most 70 characters, a structured reference or a message but not both, a town with its country
or no address. What breaks a rule is not mended in silence: all problems are told at once, and no file is
made. The bytes depend on the arguments alone, so that the same payments always give the same file.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pyiso20022.pain.pain_001_001_09 as pain
from lxml import etree
from xsdata.formats.dataclass.serializers import XmlSerializer
from xsdata.formats.dataclass.serializers.config import SerializerConfig
from xsdata.models.datatype import XmlDate, XmlDateTime

from services.payments.bank.characters import CharacterProfile
from services.payments.bank.credit_transfer_rules import CreditTransfer, CreditTransferFile, accepted
from services.payments.bank.errors import SchemaInvalid
from services.payments.bank.identifiers import end_to_end_id, message_id
from services.payments.bank.xsd import schema_for

__all__ = [
    "NAMESPACE",
    "CharacterProfile",
    "CreditTransfer",
    "CreditTransferFile",
    "Totals",
    "build_credit_transfer",
    "end_to_end_id",
    "message_id",
    "totals_of",
]

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"


@dataclass(frozen=True, slots=True)
class Totals:
    """How many payments a file holds, and their sum in cents."""

    payment_count: int
    sum_cents: int


def totals_of(file: CreditTransferFile) -> Totals:
    """The number and sum that the built file will state (NbOfTxs, CtrlSum)."""
    return Totals(len(file.payments), sum(payment.amount_cents for payment in file.payments))


def build_credit_transfer(file: CreditTransferFile, profile: CharacterProfile = CharacterProfile.FINNISH) -> bytes:
    """The bytes of the pain.001.001.09 file: UTF-8, one bundle, valid against the official schema.

    The same arguments give the same bytes. Raises CreditTransferInvalid with every problem of every field.
    """
    written = accepted(file, profile)
    document = pain.Document(
        cstmr_cdt_trf_initn=pain.CustomerCreditTransferInitiationV09(
            grp_hdr=_group_header(written), pmt_inf=[_bundle(written)]
        )
    )
    serializer = XmlSerializer(config=SerializerConfig(xml_declaration=True, encoding="UTF-8"))
    data = serializer.render(document, ns_map={None: NAMESPACE}).encode("utf-8")
    _assert_valid(data, totals_of(written))
    return data


def _group_header(file: CreditTransferFile) -> pain.GroupHeader85:
    totals = totals_of(file)
    return pain.GroupHeader85(
        msg_id=file.message_id,
        cre_dt_tm=_instant(file.created_at),
        nb_of_txs=str(totals.payment_count),
        ctrl_sum=_euros(totals.sum_cents),
        initg_pty=pain.PartyIdentification135(nm=file.debtor_name, id=_organisation(file.initiating_party_id)),
    )


def _bundle(file: CreditTransferFile) -> pain.PaymentInstruction30:
    totals = totals_of(file)
    day = file.execution_date
    return pain.PaymentInstruction30(
        pmt_inf_id=file.bundle_id,
        pmt_mtd=pain.PaymentMethod3Code.TRF,
        btch_bookg=file.booked_as_one,
        nb_of_txs=str(totals.payment_count),
        ctrl_sum=_euros(totals.sum_cents),
        pmt_tp_inf=pain.PaymentTypeInformation26(svc_lvl=[pain.ServiceLevel8Choice(cd="SEPA")]),
        reqd_exctn_dt=pain.DateAndDateTime2Choice(dt=XmlDate(day.year, day.month, day.day)),
        dbtr=pain.PartyIdentification135(nm=file.debtor_name),
        dbtr_acct=_account(file.debtor_iban),
        dbtr_agt=_agent(file.debtor_bic),
        chrg_br=pain.ChargeBearerType1Code.SLEV,
        cdt_trf_tx_inf=[_transaction(payment) for payment in file.payments],
    )


def _transaction(payment: CreditTransfer) -> pain.CreditTransferTransaction34:
    return pain.CreditTransferTransaction34(
        pmt_id=pain.PaymentIdentification6(end_to_end_id=payment.end_to_end_id),
        amt=pain.AmountType4Choice(
            instd_amt=pain.ActiveOrHistoricCurrencyAndAmount(value=_euros(payment.amount_cents), ccy="EUR")
        ),
        cdtr_agt=None if payment.creditor_bic is None else _agent(payment.creditor_bic),
        cdtr=pain.PartyIdentification135(nm=payment.creditor_name, pstl_adr=_address(payment)),
        cdtr_acct=_account(payment.creditor_iban),
        rmt_inf=_remittance(payment),
    )


def _remittance(payment: CreditTransfer) -> pain.RemittanceInformation16 | None:
    if payment.reference is not None:
        kind = pain.CreditorReferenceType1Choice(cd=pain.DocumentType3Code.SCOR)
        reference = pain.CreditorReferenceInformation2(
            tp=pain.CreditorReferenceType2(cd_or_prtry=kind), ref=payment.reference
        )
        return pain.RemittanceInformation16(strd=[pain.StructuredRemittanceInformation16(cdtr_ref_inf=reference)])
    return None if payment.message is None else pain.RemittanceInformation16(ustrd=[payment.message])


def _address(payment: CreditTransfer) -> pain.PostalAddress24 | None:
    """Town and country: unstructured addresses are barred in SEPA since November 2026."""
    return None if payment.town is None else pain.PostalAddress24(twn_nm=payment.town, ctry=payment.country)


def _account(iban: str) -> pain.CashAccount38:
    return pain.CashAccount38(id=pain.AccountIdentification4Choice(iban=iban))


def _agent(bic: str | None) -> pain.BranchAndFinancialInstitutionIdentification6:
    unknown = pain.GenericFinancialIdentification1(id="NOTPROVIDED") if bic is None else None
    return pain.BranchAndFinancialInstitutionIdentification6(
        fin_instn_id=pain.FinancialInstitutionIdentification18(bicfi=bic, othr=unknown)
    )


def _organisation(identifier: str | None) -> pain.Party38Choice | None:
    """The initiating party's id as agreed with the bank (*palvelutunnus*)."""
    if identifier is None:
        return None
    scheme = pain.OrganisationIdentificationSchemeName1Choice(cd="BANK")
    other = pain.GenericOrganisationIdentification1(id=identifier, schme_nm=scheme)
    return pain.Party38Choice(org_id=pain.OrganisationIdentification29(othr=[other]))


def _instant(moment: datetime) -> XmlDateTime:
    return XmlDateTime.from_datetime(moment.astimezone(UTC).replace(microsecond=0))


def _euros(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def _assert_valid(data: bytes, totals: Totals) -> None:
    """Read the made bytes back: valid by the official schema, and stating the number and sum that they
    hold.
    """
    schema = schema_for(NAMESPACE)
    assert schema is not None, "sepaxml ships the schema of pain.001.001.09"
    tree = etree.fromstring(data)
    if not schema.validate(tree):
        raise SchemaInvalid(str(schema.error_log))
    amounts = tree.findall(".//{*}InstdAmt")
    held = sum((Decimal(amount.text or "") for amount in amounts), Decimal(0))
    stated = (tree.findtext(".//{*}GrpHdr/{*}NbOfTxs"), tree.findtext(".//{*}GrpHdr/{*}CtrlSum"))
    expected = (str(len(amounts)), str(held))
    assert stated == expected == (str(totals.payment_count), str(_euros(totals.sum_cents))), (
        stated,
        expected,
        totals,
    )
