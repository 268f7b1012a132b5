"""One golden sample of every released event type and version. A sample never changes once it is released."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

APPLICATION = "019b7a1e-8c00-7000-8000-000000000001"
OTHER = "019b7a1e-8c00-7000-8000-000000000002"
RUN = "019b7a1e-8c00-7000-8000-000000000003"
SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
DIARY = "17/02.05.01.00/2026"
IBAN = "FI2112345600000785"
ID = "2050864-5"
NAME = "Esimerkkiyhdistys ry"
END_TO_END = "EABCDEFGHIJKLMNOPQRSTUVWX-1-1"
_INSTALMENT = {"number": 1, "amount": "1500.00 EUR", "payable_from": "2026-04-01"}
_CASE = {
    "application_id": APPLICATION, "diary_number": DIARY, "association_id": ID, "association_name": NAME,
    "iban": IBAN, "basket": "operating", "pays": "when_final",
}  # fmt: skip
_APPLICATION = {
    "application_id": APPLICATION, "call_id": "operating-2026", "basket": "operating", "pays": "when_final",
    "association_id": ID, "association_name": NAME, "iban": IBAN, "activity": "patient-organisations",
    "purpose": "Vertaistuki", "applied": "2000.00 EUR", "costs": "2500.50 EUR", "other_funding": "0.50 EUR",
    "own_funding": "500.00 EUR", "years": 1, "separable_bookkeeping": True, "channel": "electronic",
    "arrived_on": "2026-01-12", "late": False,
}  # fmt: skip
_SHARES = [{"municipality": "joensuu", "percent": 60}, {"municipality": "kitee", "percent": 40}]
_WORDS = {"fi": "Vaikuttavuus", "sv": "Genomslag", "en": "Impact"}
_FILE = {
    "attachment_id": OTHER, "kind": "annual-accounts", "name": "tilinpäätös.pdf", "sha256": SHA, "size_bytes": 4096,
    "media_type": "application/pdf",
}  # fmt: skip
_CRITERION = {"criterion_id": "impact", "label": _WORDS, "weight": 60, "points_max": 10}
_ASKED = {"kind": "annual-accounts", "label": _WORDS, "required": True, "later_until": "2026-04-30"}
_CALL = {
    "call_id": "operating-2026", "basket": "operating", "year": 2026, "title": "Toiminta-avustukset 2026",
    "kind": "round", "opens_at": "2025-12-15T08:00:00+02:00", "closes_at": "2026-01-16T16:00:00+02:00",
    "pays": "when_final", "instructions": "Hae sähköisesti.",
}  # fmt: skip
_FORM = {
    "translations": {"fi": "Hae sähköisesti.", "sv": "Ansök elektroniskt.", "en": "Apply electronically."},
    "questions": [
        {"question_id": "members", "label": _WORDS, "help": None, "required": False, "kind": "number", "minimum": 0,
         "maximum": None},
    ],
    "criteria": [_CRITERION], "assessors": 1, "attachments": [],
    "applicants": ["local", "district", "collaborative_area"], "appropriation": "180000.00 EUR",
    "payable_from": ["2026-04-01"], "reports_due_on": ["2026-11-30"],
}  # fmt: skip
_BUDGET = {
    "costs": [{"label": "Tilavuokrat", "amount": "2500.50 EUR"}],
    "income": [
        {"source": "own", "label": "Jäsenmaksut", "amount": "500.00 EUR", "status": None},
        {"source": "other_funder", "label": "STEA", "amount": "0.50 EUR", "status": "received"},
    ],
}  # fmt: skip
_SEALED = {"person_id": OTHER, "ciphertext": "c2VhbGVkLXNlYWxlZC1zZWFsZWQtc2VhbGVk"}
_CHANGE = {"association_id": ID, "change_id": OTHER}
_CLAIM = {"application_id": APPLICATION, "claim_id": OTHER}
_PAYMENT = {"application_id": APPLICATION, "instalment": 1, "attempt": 1, "amount": "1500.00 EUR"}
_BOOKING = {"end_to_end_id": END_TO_END, "booked_on": "2026-04-02", "bank_reference": "260402A1", "sha256": SHA}
_LINE = {
    **_PAYMENT, "end_to_end_id": END_TO_END, "creditor_name": NAME, "iban": IBAN, "diary_number": DIARY,
}  # fmt: skip

SAMPLES: Mapping[tuple[str, int], Mapping[str, Any]] = {
    ("call.published", 1): {
        "call_id": "operating-2026", "basket": "operating", "year": 2026, "title": "Toiminta-avustukset 2026",
        "kind": "round", "opens_at": "2025-12-15T08:00:00+02:00", "closes_at": "2026-01-16T16:00:00+02:00",
        "pays": "when_final", "instructions": "Hae sähköisesti.",
    },
    ("call.published", 2): {**_CALL, **_FORM},
    ("call.amended", 1): {
        **_CALL, **_FORM, "closes_at": "2026-01-23T16:00:00+02:00", "call_version": 2,
        "what_changed": {"fi": "Haku päättyy 23.1.2026 klo 16.00.", "sv": None, "en": None},
    },
    ("account_change.requested", 1): {
        **_CHANGE, "iban": IBAN, "reason": "Pankki vaihtui", "proof_sha256": SHA, "not_before": "2026-03-03",
        "person": "officer-1",
    },
    ("account_change.dropped", 1): {**_CHANGE, "reason": "Väärä tili", "person": "officer-2"},
    ("account_change.refused", 1): {**_CHANGE, "person": "officer-1", "reason": "Oma pyyntö"},
    ("person.named", 1): {
        "association_id": ID, "person_id": OTHER, "role": "mandate", "person": "user-1", "details": _SEALED,
        "valid_from": "2026-01-01", "valid_until": "2027-12-31",
    },
    ("person.ended", 1): {"association_id": ID, "person_id": OTHER, "valid_until": "2026-06-30"},
    ("person.erased", 1): {"association_id": ID, "person_id": OTHER, "reason": "Henkilön pyyntö"},
    ("attachment.stored", 1): {"association_id": ID, "file": _FILE},
    ("association.registered", 1): {
        "association_id": ID, "name": NAME, "display_name": "Esimerkki", "register_number": "123456",
        "domicile": "joensuu", "kind": "local", "iban": IBAN, "language": "fi",
    },
    ("association.corrected", 1): {
        "association_id": ID, "name": NAME, "display_name": "Esimerkki", "register_number": "123456",
        "domicile": "kitee", "kind": "local", "language": "sv", "reason": "Kotipaikka muuttui", "person": "officer-1",
    },
    ("association.account_changed", 1): {"association_id": ID, "iban": IBAN, "reason": "Tili vaihtui"},
    ("application.submitted", 1): {**_APPLICATION, "municipality": "joensuu"},
    ("application.submitted", 2): {
        **_APPLICATION,
        "municipalities": [{"municipality": "joensuu", "percent": 60}, {"municipality": "kitee", "percent": 40}],
    },
    ("application.submitted", 3): {
        **_APPLICATION, "municipalities": _SHARES, "call_version": 1, "budget": _BUDGET,
        "answers": [{"question_id": "members", "value": 120}], "attachments": [], "contact_id": OTHER,
    },
    ("application.attachment_added", 1): {"application_id": APPLICATION, "file": _FILE},
    ("application.change_requested", 1): {
        "application_id": APPLICATION, "change_id": OTHER, "what": "time", "proposal": "Vuoden loppuun",
        "reasons": "Tilat valmistuvat myöhemmin", "budget": None,
    },
    ("application.supplemented", 1): {"application_id": APPLICATION, "request_id": OTHER, "answer": "Liitteenä."},
    ("application.withdrawn", 1): {"application_id": APPLICATION, "reason": "Hanke peruttiin"},
    ("application.standing_changed", 1): {
        "application_id": APPLICATION, "standing": "in_preparation", "diary_number": DIARY, "note": "Kirjattu",
        "request_id": None, "amount": None,
    },
    ("application.standing_changed", 2): {
        "application_id": APPLICATION, "standing": "in_preparation", "diary_number": DIARY, "note": "Kirjattu",
        "request_id": None, "amount": None, "question": None, "due_on": None, "happened_on": "2026-01-12",
        "municipality": None,
    },
    ("usage_report.submitted", 1): {"application_id": APPLICATION, "used": "1400.00 EUR", "account": "Käytetty"},
    ("appropriation.set", 1): {"appropriation_id": "operating-2026", "amount": "180000.00 EUR"},
    ("appropriation.committed", 1): {
        "appropriation_id": "operating-2026", "application_id": APPLICATION, "amount": "1500.00 EUR",
    },
    ("appropriation.released", 1): {
        "appropriation_id": "operating-2026", "application_id": APPLICATION, "amount": "100.00 EUR",
    },
    ("diary.number_assigned", 1): {"diary_number": DIARY, "running": 17, "application_id": APPLICATION},
    ("case.opened", 1): {
        **_CASE, "call_id": "operating-2026", "activity": "patient-organisations", "municipality": "joensuu",
        "purpose": "Vertaistuki", "applied": "2000.00 EUR", "own_funding": "500.00 EUR", "years": 1,
        "channel": "electronic", "arrived_on": "2026-01-12", "late": False,
    },
    ("case.opened", 2): {
        **_CASE, "call_id": "operating-2026", "call_version": 1, "activity": "patient-organisations",
        "municipality": "joensuu", "municipalities": _SHARES, "purpose": "Vertaistuki", "applied": "2000.00 EUR",
        "own_funding": "500.00 EUR", "years": 1, "channel": "electronic", "arrived_on": "2026-01-12", "late": False,
    },
    ("call.noted", 1): {
        "call_id": "operating-2026", "call_version": 1, "basket": "operating", "year": 2026,
        "title": "Toiminta-avustukset 2026", "criteria": [_CRITERION], "assessors": 2, "attachments": [_ASKED],
        "appropriation": "180000.00 EUR", "payable_from": ["2026-04-01"], "reports_due_on": ["2026-11-30"],
    },
    ("association.person_noted", 1): {
        "association_id": ID, "person_id": OTHER, "person": "user-1", "valid_from": "2026-01-01", "valid_until": None,
    },
    ("case.assigned", 2): {"application_id": APPLICATION, "officer": "officer-1", "deputy": "officer-3"},
    ("case.task_decided", 1): {
        "application_id": APPLICATION, "task": "county_part", "eligible": "1200.00 EUR",
        "reason": "Osa kuuluu kunnalle", "person": "officer-1",
    },
    ("assessment.recorded", 2): {
        "application_id": APPLICATION, "points": 72, "hundredths": 7150,
        "scores": [{"criterion_id": "impact", "points": 7, "reason": "Tavoittaa monta"}], "reasons": "Vaikuttava",
        "person": "officer-1",
    },
    ("allocation.chosen", 1): {
        "call_id": "operating-2026", "rule": "proportional", "available": "180000.00 EUR", "floor": None,
        "ceiling": None, "points_min": 40, "lines": [{"application_id": APPLICATION, "amount": "1500.00 EUR"}],
        "total": "1500.00 EUR", "person": "officer-1",
    },
    ("meeting.section_taken", 2): {
        "meeting_id": "hyte-2026-02-24", "section": 1, "application_id": APPLICATION, "excluded": ["board-3"],
    },
    ("de_minimis.assessed", 1): {
        "application_id": APPLICATION, "aid": True, "reason": "Tarjoaa palveluja markkinoilla", "person": "board-1",
    },
    ("de_minimis.granted", 1): {
        "association_id": ID, "association_name": NAME, "application_id": APPLICATION, "diary_number": DIARY,
        "amount": "1500.00 EUR", "granted_on": "2026-02-24", "three_years_before": "0.00 EUR",
    },
    ("de_minimis.changed", 1): {
        "association_id": ID, "application_id": APPLICATION, "amount": "1600.00 EUR", "changed_on": "2026-03-24",
    },
    ("decision.documented", 1): {"application_id": APPLICATION, "language": "fi", "sha256": SHA, "size_bytes": 30000},
    ("case.assigned", 1): {"application_id": APPLICATION, "officer": "officer-1"},
    ("case.transferred", 1): {
        "application_id": APPLICATION, "municipality": "joensuu", "activity": "sports", "reason": "Kunnan tehtävä",
    },
    ("case.withdrawn", 1): {"application_id": APPLICATION, "reason": "Hanke peruttiin"},
    ("supplement.requested", 1): {
        "application_id": APPLICATION, "request_id": OTHER, "question": "Tilinpäätös?", "due_on": "2026-02-06",
    },
    ("supplement.received", 1): {"application_id": APPLICATION, "request_id": OTHER, "answer": "Liitteenä."},
    ("conflict.declared", 1): {"application_id": APPLICATION, "person": "officer-2", "reason": "Hallituksen jäsen"},
    ("conflict.lifted", 1): {
        "application_id": APPLICATION, "person": "officer-2", "reason": "Erosi hallituksesta 2023",
        "decided_by": "board-1",
    },
    ("act.refused", 1): {
        "application_id": APPLICATION, "person": "officer-2", "act": "assess", "reason": "Esteellinen",
    },
    ("assessment.recorded", 1): {
        "application_id": APPLICATION, "points": 72, "reasons": "Vaikuttava", "person": "officer-1",
    },
    ("proposal.made", 1): {
        "application_id": APPLICATION, "outcome": "granted_in_part", "amount": "1500.00 EUR", "reasons": "Määräraha",
        "person": "officer-1",
    },
    ("meeting.convened", 1): {
        "meeting_id": "hyte-2026-02-24", "organ": "Hyte-lautakunta", "held_on": "2026-02-24", "present": ["board-1"],
    },
    ("meeting.section_taken", 1): {"meeting_id": "hyte-2026-02-24", "section": 1, "application_id": APPLICATION},
    ("decision.made", 1): {
        **_CASE, "municipality": "joensuu", "outcome": "granted_in_part", "amount": "1500.00 EUR",
        "instalments": [_INSTALMENT], "reasons": "Määräraha", "conditions": ["Selvitys 30.11. mennessä"],
        "decided_on": "2026-02-24", "person": "board-1", "organ": "Hyte-lautakunta",
        "meeting_id": "hyte-2026-02-24", "section": 1,
    },
    ("decision.notified", 1): {
        "application_id": APPLICATION, "manner": "electronic", "sent_on": "2026-12-07", "received_on": "2026-12-10",
        "last_claim_day": "2026-12-28",
    },
    ("decision.published", 1): {
        "application_id": APPLICATION, "published_on": "2026-12-08", "received_on": "2026-12-15",
        "last_claim_day": "2026-12-29", "person": "officer-1",
    },
    ("rectification.withdrawn", 1): {**_CLAIM, "withdrawn_on": "2026-03-12", "person": "officer-1"},
    ("rectification.claimed", 1): {
        **_CLAIM, "received_on": "2026-03-10", "in_time": True,
        "grounds": "Laskuvirhe",
    },
    ("rectification.decided", 1): {
        **_CASE, "claim_id": OTHER, "outcome": "changed", "previous_amount": "1500.00 EUR", "amount": "1600.00 EUR",
        "instalments": [{**_INSTALMENT, "amount": "1600.00 EUR"}], "reasons": "Laskuvirhe",
        "decided_on": "2026-03-24", "person": "board-2",
    },
    ("decision.became_final", 1): {"application_id": APPLICATION, "final_on": "2026-03-17"},
    ("agreement.signed", 1): {"application_id": APPLICATION, "years": 3, "without_money": False, "terms": "Sopimus"},
    ("usage_report.submitted", 2): {
        "application_id": APPLICATION, "used": "1400.00 EUR", "account": "Käytetty", "attachments": [_FILE],
    },
    ("report.requested", 1): {"application_id": APPLICATION, "report": 1, "due_on": "2026-11-30"},
    ("report.reminded", 1): {
        "application_id": APPLICATION, "report": 1, "due_on": "2026-11-30", "reminded_on": "2026-12-01",
    },
    ("report.received", 1): {
        "application_id": APPLICATION, "report": 1, "used": "1400.00 EUR", "account": "Käytetty",
        "attachments": [_FILE], "received_on": "2026-11-20",
    },
    ("report.checked", 1): {
        "application_id": APPLICATION, "report": 1, "part": "money", "sound": True, "remarks": "Vastaa kirjanpitoa",
        "person": "officer-1",
    },
    ("report.returned", 1): {
        "application_id": APPLICATION, "report": 1, "reason": "Kuitit puuttuvat", "due_on": "2026-12-15",
        "person": "officer-1",
    },
    ("report.accepted", 1): {
        "application_id": APPLICATION, "report": 1, "unused": "100.00 EUR", "person": "officer-1",
    },
    ("hearing.opened", 1): {
        "application_id": APPLICATION, "hearing_id": OTHER, "grounds": "Jäi käyttämättä", "amount": "300.00 EUR",
        "answer_by": "2026-10-30", "person": "officer-1",
    },
    ("hearing.opened", 2): {
        "application_id": APPLICATION, "hearing_id": OTHER, "grounds": "Jäi käyttämättä", "amount": "300.00 EUR",
        "answer_by": "2026-10-30", "person": "officer-1", "learned_on": "2026-10-01",
    },
    ("hearing.closed", 1): {
        "application_id": APPLICATION, "hearing_id": OTHER, "reasons": "Selvitys riittää", "person": "officer-1",
    },
    ("hearing.answered", 1): {
        "application_id": APPLICATION, "hearing_id": OTHER, "answer": "Hyväksymme", "answered_on": "2026-10-20",
    },
    ("grant.held", 1): {"application_id": APPLICATION, "reason": "report_overdue", "held_on": "2026-12-01"},
    ("grant.held", 2): {"application_id": APPLICATION, "reason": "appealed", "report": None, "held_on": "2026-12-01"},
    ("grant.hold_lifted", 1): {"application_id": APPLICATION, "reason": "report_overdue"},
    ("grant.hold_lifted", 2): {"application_id": APPLICATION, "reason": "appealed", "report": None},
    ("payee.person_noted", 1): {
        "association_id": "2050864-5", "person_id": OTHER, "person": "user-1", "valid_from": "2026-01-01",
        "valid_until": None,
    },
    ("recovery.decided", 1): {
        "application_id": APPLICATION, "recovery_id": OTHER, "amount": "300.00 EUR", "grounds": "Jäi käyttämättä",
        "decided_on": "2026-11-02", "due_on": "2026-12-02", "person": "board-1",
    },
    ("grant.awarded", 1): {
        **_CASE, "amount": "1500.00 EUR", "instalments": [_INSTALMENT], "awarded_on": "2026-02-24",
    },
    ("grant.changed", 1): {
        "application_id": APPLICATION, "change": "-100.00 EUR", "amount": "1400.00 EUR",
        "instalments": [{**_INSTALMENT, "amount": "1400.00 EUR"}], "changed_on": "2026-03-24",
    },
    ("grant.released", 1): {"application_id": APPLICATION, "released_on": "2026-03-17"},
    ("account.noted", 1): {"association_id": ID, "iban": IBAN},
    ("run.proposed", 1): {
        "run_id": RUN, "execution_date": "2026-04-02", "lines": [_LINE], "total": "1500.00 EUR",
        "person": "finance-1",
    },
    ("run.approved", 1): {"run_id": RUN, "approval": 1, "person": "finance-2"},
    ("run.approval_refused", 1): {"run_id": RUN, "person": "finance-1", "reason": "Oma ehdotus"},
    ("run.file_built", 1): {
        "run_id": RUN, "sha256": SHA, "message_id": "MABCDEFGHIJKLMNOPQRSTUVWX-1", "count": 1, "total": "1500.00 EUR",
    },
    ("run.sent", 1): {"run_id": RUN, "sha256": SHA},
    ("payment.proposed", 1): {
        **_PAYMENT, "run_id": RUN, "end_to_end_id": END_TO_END, "iban": IBAN, "diary_number": DIARY,
    },
    ("payment.sent", 1): {**_PAYMENT, "sent_on": "2026-04-01"},
    ("payment.rejected", 1): {**_PAYMENT, "reason_code": "AC04", "sha256": SHA},
    ("payment.booked", 1): {**_PAYMENT, **_BOOKING},
    ("payment.returned", 1): {**_PAYMENT, **_BOOKING, "reason_code": "AC04"},
    ("bank_file.imported", 1): {
        "sha256": SHA, "kind": "camt.053", "statements": 1, "entries": 1, "credits": "0.00 EUR",
        "debits": "1500.00 EUR",
    },
    ("recovery.claimed", 1): {
        "application_id": APPLICATION, "recovery_id": OTHER, "amount": "300.00 EUR", "reference": "1234561",
        "claimed_on": "2026-11-02", "due_on": "2026-12-02",
    },
    ("recovery.received", 1): {
        "application_id": APPLICATION, "recovery_id": OTHER, "amount": "300.00 EUR", "reference": "1234561",
        "booked_on": "2026-11-20", "bank_reference": "261120B7", "sha256": SHA,
    },
    ("vouchers.exported", 1): {
        "series": "av", "year": 2026, "period": "2026-04", "profile": "dynasty", "after_position": 0,
        "up_to_position": 40, "first_number": 1, "count": 3, "total": "4500.00 EUR", "sha256": SHA,
    },
    ("postings.imported", 1): {
        "sha256": SHA, "period": "2026-04", "profile": "dynasty", "rows": 6, "debits": "4500.00 EUR",
        "credits": "4500.00 EUR",
    },
    ("reconciliation.completed", 1): {
        "period": "2026-04", "run": 1, "matched": 3, "differences": 0, "up_to_position": 42, "inputs": [SHA],
    },
    ("difference.raised", 1): {
        "difference_id": "d-0123456789abcdef0123", "period": "2026-04", "difference_class": "amount_differs",
        "subject": "av-1", "expected": "1500.00 EUR", "found": "1500.01 EUR", "amount": "1500.00 EUR",
        "application_id": APPLICATION,
    },
    ("difference.explained", 1): {
        "difference_id": "d-0123456789abcdef0123", "explanation": "Näppäilyvirhe", "person": "finance-1",
    },
    ("difference.accepted", 1): {
        "difference_id": "d-0123456789abcdef0123", "reason": "Korjattu", "person": "finance-2",
    },
    ("period.closed", 1): {
        "period": "2026-04", "debits": "4500.00 EUR", "credits": "4500.00 EUR", "differences": 0, "files": [SHA],
        "person": "finance-1",
    },
    ("decision.made", 2): {
        **_CASE, "municipality": "joensuu", "outcome": "granted_in_part", "amount": "1500.00 EUR",
        "instalments": [_INSTALMENT], "reasons": "Määräraha", "conditions": ["Selvitys 30.11. mennessä"],
        "decided_on": "2026-02-24", "person": "board-1", "organ": "Hyte-lautakunta",
        "meeting_id": "hyte-2026-02-24", "section": 1, "on_behalf_of": None, "own_funding": "500.00 EUR",
        "use_from": "2026-01-01", "use_until": "2026-12-31",
    },
    ("decision.documented", 2): {
        "application_id": APPLICATION, "language": "fi", "sha256": SHA, "size_bytes": 30000,
        "about": "decision", "claim_id": None,
    },
    ("rectification.decided", 2): {
        **_CASE, "claim_id": OTHER, "outcome": "changed", "previous_amount": "1500.00 EUR", "amount": "1600.00 EUR",
        "instalments": [{**_INSTALMENT, "amount": "1600.00 EUR"}], "reasons": "Laskuvirhe",
        "decided_on": "2026-03-24", "person": "board-2", "organ": "Aluehallitus", "meeting_id": "hallitus-2026-03-24",
        "section": 4, "on_behalf_of": None, "own_funding": "500.00 EUR",
        "municipality": "joensuu",
    },
    ("rectification.decided", 3): {
        **_CASE, "claim_id": OTHER, "outcome": "changed", "previous_amount": "1500.00 EUR", "amount": "1600.00 EUR",
        "instalments": [{**_INSTALMENT, "amount": "1600.00 EUR"}], "reasons": "Laskuvirhe",
        "decided_on": "2026-03-24", "person": "board-2", "organ": "Aluehallitus", "meeting_id": "hallitus-2026-03-24",
        "section": 4, "on_behalf_of": None, "own_funding": "500.00 EUR",
        "municipality": "joensuu", "changed_to": "granted_in_part",
    },
    ("appeal.lodged", 1): {
        "application_id": APPLICATION, "appeal_id": OTHER, "claim_id": OTHER, "court": "Itä-Suomen hallinto-oikeus",
        "court_reference": "1234/03.04.04.04.01/2026", "lodged_on": "2026-04-20", "in_time": True, "suspends": True,
        "person": "officer-1",
    },
    ("appeal.decided", 1): {
        "application_id": APPLICATION, "appeal_id": OTHER, "outcome": "stands", "decided_on": "2026-10-12",
        "open_until": "2026-11-11", "reasons": "Valitus hylättiin", "person": "officer-1",
    },
    ("agreement.signed", 2): {
        "application_id": APPLICATION, "years": 3, "without_money": False, "terms": "Sopimus", "version": 1,
        "contributions": ["Tilat Joensuussa"], "valid_from": "2026-01-01", "valid_until": "2028-12-31",
        "signed_on": "2026-03-20",
    },
    ("recovery.decided", 2): {
        "application_id": APPLICATION, "recovery_id": OTHER, "amount": "300.00 EUR", "grounds": "Jäi käyttämättä",
        "decided_on": "2026-11-02", "due_on": "2026-12-02", "person": "board-1", "interest": "4.93 EUR",
        "interest_periods": [{"principal": "300.00 EUR", "counted_from": "2026-04-02", "counted_to": "2026-11-02",
                              "days": 214, "rate_hundredths": 280, "amount": "4.93 EUR"}],
        "interest_waived": None, "on_behalf_of": None,
    },
    ("meeting.section_taken", 3): {
        "meeting_id": "hyte-2026-02-24", "section": 1, "application_id": APPLICATION, "matter": "claim",
        "excluded": ["board-3"],
    },
    ("application.standing_changed", 3): {
        "application_id": APPLICATION, "standing": "in_preparation", "diary_number": DIARY, "note": "Kirjattu",
        "request_id": None, "amount": None, "question": None, "due_on": None, "happened_on": "2026-01-12",
        "municipality": None,
    },
    ("application.standing_changed", 4): {
        "application_id": APPLICATION, "standing": "decided", "diary_number": DIARY, "note": "Avustus on myönnetty",
        "request_id": None, "amount": "1500.00 EUR", "question": None, "due_on": None, "happened_on": "2026-02-24",
        "municipality": None, "instalments": [_INSTALMENT], "reports_due_on": [], "overpaid": None,
    },
    ("grant.awarded", 2): {
        **_CASE, "amount": "1500.00 EUR", "instalments": [_INSTALMENT], "awarded_on": "2026-02-24",
        "municipality": "joensuu", "requires": [],
    },
    ("case.coefficient_set", 1): {
        "application_id": APPLICATION, "focus_areas": ["mental-health"], "focus_hundredths": 110,
        "wellbeing_hundredths": 102, "coefficient_hundredths": 112, "reasons": "Painopisteen mukainen",
        "person": "officer-1",
    },
    ("meeting.agenda_set", 1): {
        "meeting_id": "hyte-2026-02-24", "items": [{"application_id": APPLICATION, "matter": "decision"}],
        "person": "officer-1",
    },
    ("stand_in.named", 1): {
        "stand_in_id": OTHER, "principal": "board-1", "stand_in": "officer-2", "valid_from": "2026-07-01",
        "valid_until": "2026-07-31", "limit": "5000.00 EUR", "reason": "Vuosiloma", "person": "board-1",
    },
    ("stand_in.ended", 1): {"stand_in_id": OTHER, "valid_until": "2026-07-15", "person": "board-1"},
    ("rectification.notified", 1): {
        **_CLAIM, "manner": "electronic", "sent_on": "2026-03-25",
        "received_on": "2026-03-28", "last_appeal_day": "2026-04-27",
    },
    ("negotiation.noted", 1): {
        "application_id": APPLICATION, "held_on": "2026-02-10", "notes": "Tilojen käyttö", "person": "officer-1",
    },
    ("agreement.drafted", 1): {
        "application_id": APPLICATION, "version": 1, "years": 3, "without_money": False,
        "contributions": ["Tilat Joensuussa"], "terms": "Sopimus", "valid_from": "2026-01-01",
        "valid_until": "2028-12-31", "person": "officer-1",
    },
    ("agreement.party_signed", 1): {
        "application_id": APPLICATION, "version": 1, "party": "association", "person": "user-1",
        "signed_on": "2026-03-20",
    },
    ("partnership.reviewed", 1): {
        "application_id": APPLICATION, "year": 2027, "continues": True, "remarks": "Tavoitteet toteutuneet",
        "reviewed_on": "2026-12-10", "person": "officer-1",
    },
    ("own_funding.proven", 1): {
        "application_id": APPLICATION, "source": "Jäsenmaksut", "amount": "500.00 EUR", "proof_sha256": SHA,
        "total": "500.00 EUR", "declared": "500.00 EUR", "covered": True, "person": "officer-1",
    },
    ("cost_report.submitted", 1): {
        "application_id": APPLICATION, "period_from": "2026-01-01", "period_until": "2026-06-30",
        "rows": [{"label": "Palkat", "amount": "900.00 EUR"}], "total": "900.00 EUR", "attachments": [_FILE],
    },
    ("cost_report.received", 1): {
        "application_id": APPLICATION, "cost_report": 1, "period_from": "2026-01-01", "period_until": "2026-06-30",
        "rows": [{"label": "Palkat", "amount": "900.00 EUR"}], "total": "900.00 EUR", "attachments": [_FILE],
        "received_on": "2026-07-10",
    },
    ("cost_report.returned", 1): {
        "application_id": APPLICATION, "cost_report": 1, "reason": "Kuitit puuttuvat", "due_on": "2026-08-01",
        "person": "officer-1",
    },
    ("cost_report.accepted", 1): {
        "application_id": APPLICATION, "cost_report": 1, "accepted": "850.00 EUR", "accepted_total": "850.00 EUR",
        "reasons": "Alkoholi ei ole hyväksyttävä kulu", "person": "officer-1",
    },
    ("change.received", 1): {
        "application_id": APPLICATION, "change_id": OTHER, "what": "time", "proposal": "Vuoden loppuun",
        "reasons": "Tilat valmistuvat myöhemmin", "budget": None, "received_on": "2026-09-01",
    },
    ("change.proposed", 1): {
        "application_id": APPLICATION, "change_id": OTHER, "approve": True, "reasons": "Perusteltu",
        "person": "officer-1",
    },
    ("change.decided", 1): {
        "application_id": APPLICATION, "change_id": OTHER, "what": "time", "approved": True, "reasons": "Perusteltu",
        "conditions": [], "use_until": "2027-06-30", "reports_due_on": ["2027-08-31"], "decided_on": "2026-09-15",
        "person": "board-1", "organ": "Hyte-lautakunta", "on_behalf_of": None,
    },
    ("payment.noted", 1): {
        "application_id": APPLICATION, "instalment": 1, "kind": "booked", "amount": "1500.00 EUR",
        "booked_on": "2026-04-02",
    },
    ("payment.noted", 2): {
        "application_id": APPLICATION, "instalment": 1, "kind": "booked", "amount": "1500.00 EUR",
        "booked_on": "2026-04-02",
    },
    ("grant.requirement_met", 1): {
        "application_id": APPLICATION, "requirement": "cost_reports", "year": None, "accepted_costs": "850.00 EUR",
        "met_on": "2026-07-20",
    },
    ("recovery.interest_claimed", 1): {
        "application_id": APPLICATION, "recovery_id": OTHER, "amount": "4.93 EUR", "reference": "1234561",
        "claimed_on": "2026-11-02",
    },
    ("run.approved", 2): {
        "run_id": RUN, "approval": 1, "person": "finance-2", "lines": None, "on_behalf_of": None,
    },
    ("run.sent_again", 1): {
        "run_id": RUN, "sha256": SHA, "reason": "Pankki: aineistoa ei ole tullut", "person": "finance-1",
    },
    ("run.changed", 1): {
        "run_id": RUN, "lines": [_LINE], "total": "1500.00 EUR", "reason": "Tili tarkistetaan", "person": "finance-1",
    },
    ("payment.dropped", 1): {**_PAYMENT, "run_id": RUN, "reason": "Tili tarkistetaan"},
    ("payment.cause_settled", 1): {
        "application_id": APPLICATION, "instalment": 1, "attempt": 1, "remark": "Pankin häiriö", "person": "finance-1",
    },
    ("approver.limit_set", 1): {
        "approver": "finance-2", "limit": "50000.00 EUR", "valid_from": "2026-01-01", "valid_until": None,
        "person": "finance-9",
    },
    ("approver.stand_in_named", 1): {
        "stand_in_id": OTHER, "principal": "finance-2", "stand_in": "finance-4", "valid_from": "2026-07-01",
        "valid_until": "2026-07-31", "limit": "20000.00 EUR", "reason": "Vuosiloma", "person": "finance-2",
    },
    ("approver.stand_in_ended", 1): {"stand_in_id": OTHER, "valid_until": "2026-07-15", "person": "finance-2"},
    ("recovery.overpaid", 1): {
        "application_id": APPLICATION, "recovery_id": OTHER, "amount": "10.00 EUR", "reference": "1234561",
        "booked_on": "2026-11-20", "bank_reference": "261120B7", "sha256": SHA,
    },
    ("recovery.set_off", 1): {
        "application_id": APPLICATION, "recovery_id": OTHER, "instalment": 2, "amount": "200.00 EUR",
        "reference": "1234561", "set_off_on": "2026-12-10", "reason": "Kuitataan erästä", "person": "finance-1",
    },
    ("recovery.write_off_proposed", 1): {
        "application_id": APPLICATION, "recovery_id": OTHER, "amount": "100.00 EUR", "reason": "Yhdistys purettu",
        "person": "finance-1",
    },
    ("recovery.write_off_refused", 1): {
        "application_id": APPLICATION, "recovery_id": OTHER, "person": "finance-1", "reason": "Oma ehdotus",
    },
    ("recovery.written_off", 1): {
        "application_id": APPLICATION, "recovery_id": OTHER, "amount": "100.00 EUR", "reference": "1234561",
        "written_off_on": "2027-01-10", "reason": "Yhdistys purettu", "proposed_by": "finance-1",
        "person": "finance-2",
    },
    ("recovery.plan_agreed", 1): {
        "application_id": APPLICATION, "recovery_id": OTHER, "reference": "1234561",
        "parts": [{"due_on": "2026-12-31", "amount": "150.00 EUR"}, {"due_on": "2027-01-31", "amount": "150.00 EUR"}],
        "reason": "Yhdistyksen pyyntö", "person": "finance-1",
    },
    ("recovery.late_interest_claimed", 1): {
        "application_id": APPLICATION, "recovery_id": OTHER, "amount": "0.78 EUR", "reference": "1234561",
        "periods": [{"principal": "300.00 EUR", "counted_from": "2026-12-02", "counted_to": "2026-12-12", "days": 10,
                     "rate_hundredths": 950, "amount": "0.78 EUR"}],
        "claimed_on": "2026-12-12", "counted_until": "2026-12-12",
    },
    ("payment.return_charged", 1): {
        "application_id": APPLICATION, "instalment": 1, "attempt": 1, "end_to_end_id": "E1", "amount": "5.00 EUR",
        "charged_on": "2026-04-07", "sha256": SHA,
    },
    ("payment.status_reported", 1): {
        "application_id": APPLICATION, "instalment": 1, "attempt": 1, "end_to_end_id": "E1", "bank_status": "PDNG",
        "reason_code": None, "sha256": SHA,
    },
    ("reconciliation.completed", 2): {
        "period": "2026-04", "run": 1, "matched": 3, "differences": 0, "up_to_position": 42, "inputs": [SHA],
        "tolerance": "0.05 EUR", "within_tolerance": 1,
    },
    ("year.closed", 1): {
        "year": 2026, "debits": "4500.00 EUR", "credits": "4500.00 EUR",
        "balances": [{"account": "1700", "balance": "-4500.00 EUR"}, {"account": "4740", "balance": "4500.00 EUR"}],
        "accrued": "0.00 EUR", "accruals_sha256": SHA, "receivable": "0.00 EUR", "receivables_sha256": SHA,
        "months": ["2026-04"], "files": [SHA], "up_to_position": 42, "person": "finance-1",
    },
    ("difference.assigned", 1): {
        "difference_id": "d-0123456789abcdef0123", "assignee": "finance-1", "person": "finance-2",
    },
    ("difference.commented", 1): {
        "difference_id": "d-0123456789abcdef0123", "comment": "Kysytty pankilta", "person": "finance-1",
    },
    ("difference.reopened", 1): {
        "difference_id": "d-0123456789abcdef0123", "reason": "Selitys ei pitänyt", "person": "finance-2",
    },
    ("difference.dissolved", 1): {
        "difference_id": "d-0123456789abcdef0123", "run": 2, "found": "Korjattu kirjanpidossa",
    },
    ("statement.noted", 1): {
        "iban": IBAN, "statement_id": "2026-064", "sequence": 64, "first_day": "2026-04-02",
        "last_day": "2026-04-02", "opening": "200000.00 EUR", "closing": "198500.00 EUR", "entries": 1, "sha256": SHA,
        "missing": [], "follows": True, "corrects": None,
    },
    ("postings.imported", 2): {
        "sha256": SHA, "period": "2026-04", "profile": "dynasty", "rows": 6, "debits": "4500.00 EUR",
        "credits": "4500.00 EUR", "take": "all_or_nothing", "left_out": 0,
    },
    ("vouchers.acknowledged", 1): {
        "series": "av", "year": 2026, "profile": "dynasty", "sha256": SHA, "accepted": [1, 2],
        "failed": [{"number": 3, "reason": "Tili puuttuu"}], "problems": 0,
    },
    ("period.closed", 2): {
        "period": "2026-04", "debits": "4500.00 EUR", "credits": "4500.00 EUR", "differences": 0, "files": [SHA],
        "person": "finance-1", "up_to_position": 42,
        "balances": [{"account": "1700", "balance": "-4500.00 EUR"}, {"account": "2590", "balance": "4500.00 EUR"}],
        "late": 0,
    },
}  # fmt: skip
