"""Our pain.001.001.03 beside files that Finnish banks take (MANIFEST.md: insensefi/corporate).

On purpose ours has besides
- ``InitgPty/Nm``: the payer's name, without which some banks refuse the file;
- ``BtchBookg``: the profile decides how the account is debited, not the bank's default;
- ``NbOfTxs`` and ``CtrlSum`` of the bundle: each bundle proves itself;
- ``PmtTpInf/SvcLvl`` SEPA and ``ChrgBr`` SLEV: they are said, where the examples leave them to the bank.

and has not
- ``Dbtr/Id``: the examples repeat the id agreed with the bank (*palvelutunnus*) and the bank's BIC at the payer. Ours
  stands once, at the initiating party.
"""

import pytest
from lxml import etree

from services.payments.bank.credit_transfer import build_credit_transfer
from tests.unit.payments.bank.files import bank_profile, needs_shared, payment_file, shared, transfer

pytestmark = needs_shared

BUNDLE = "CstmrCdtTrfInitn/PmtInf"
ONLY_OURS = {
    "CstmrCdtTrfInitn/GrpHdr/InitgPty/Nm",
    *(f"{BUNDLE}/{path}" for path in (
        "BtchBookg", "NbOfTxs", "CtrlSum", "PmtTpInf", "PmtTpInf/SvcLvl", "PmtTpInf/SvcLvl/Cd", "ChrgBr",
    )),
}  # fmt: skip
ONLY_THEIRS = {
    f"{BUNDLE}/Dbtr/{path}"
    for path in ("Id", "Id/OrgId", "Id/OrgId/BICOrBEI", "Id/OrgId/Othr", "Id/OrgId/Othr/Id", "Id/OrgId/Othr/SchmeNm",
                 "Id/OrgId/Othr/SchmeNm/Cd")
}  # fmt: skip


def paths(element: etree._Element, prefix: str = "") -> set[str]:
    found: set[str] = set()
    for child in element:
        path = prefix + child.tag.rpartition("}")[2]
        found |= {path} | paths(child, f"{path}/")
    return found


def ours(kind: str) -> set[str]:
    profile = bank_profile(
        message="pain.001.001.03", remittance="reference", reference_kind=kind, initiating_party_id="87654321"
    )
    return paths(etree.fromstring(build_credit_transfer(payment_file(transfer(creditor_bic="OKOYFIHH")), profile)))


@pytest.mark.parametrize(("number", "kind"), [(1, "national"), (2, "rf"), (3, "rf"), (4, "rf")])
def test_our_file_has_the_structure_of_theirs_but_for_what_differs_on_purpose(number: int, kind: str) -> None:
    theirs = paths(etree.fromstring(shared(f"bank-fi-payments-rf-{number}-pain001-v03.xml")))
    assert ours(kind) - theirs == ONLY_OURS
    assert theirs - ours(kind) == ONLY_THEIRS


@pytest.mark.parametrize(("number", "kind"), [(1, "national"), (2, "rf")])
def test_what_both_have_stands_in_the_same_order(number: int, kind: str) -> None:
    theirs = etree.fromstring(shared(f"bank-fi-payments-rf-{number}-pain001-v03.xml"))
    profile = bank_profile(message="pain.001.001.03", remittance="reference", reference_kind=kind)
    made = etree.fromstring(build_credit_transfer(payment_file(transfer(creditor_bic="OKOYFIHH")), profile))
    both = paths(theirs) & paths(made)
    assert in_order(made, both) == in_order(theirs, both)


def in_order(element: etree._Element, wanted: set[str], prefix: str = "") -> list[str]:
    found: list[str] = []
    for child in element:
        path = prefix + child.tag.rpartition("}")[2]
        found += ([path] if path in wanted else []) + in_order(child, wanted, f"{path}/")
    return found
