"""A mail says in its addressee's language that something waits, and nothing that has no place in a mail."""

from __future__ import annotations

import string
import unicodedata
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.intake import Standing
from schemas.words import Language
from services.intake.messages import (
    OCCASIONS,
    Addressee,
    AddresseeInvalid,
    Letterhead,
    Mailer,
    MailSettingsInvalid,
    MailText,
    TextImpossible,
    write,
)
from services.intake.messages.mail import composed, sender_of
from services.intake.messages.texts import OPTIONAL, UNPRINTABLE, WIDTH, shown_date
from services.intake.messages.wording import TEXTS

LANGUAGES: tuple[Language, ...] = get_args(Language)
ADDRESS = "https://avustukset.example.fi/omat-asiat/hakemukset-ja-selvitykset-kaikilla-kielilla"
LETTERHEAD = Letterhead(
    {"fi": "Pohjois-Karjalan hyvinvointialue", "en": "Wellbeing services county of North Karelia"}, ADDRESS
)
NAME = "Itä-Suomen omaishoitajat, Joensuun seudun osasto ry"
SAMPLES: dict[str, Any] = {
    "diary_number": "12/02.05.01.01/2026",
    "question": "Lähettäkää tilinpäätös.\n\nJa talousarvio, josta näkyy avustettavan toiminnan osuus erikseen.",
    "due_on": date(2026, 2, 5),
    "municipality": {"fi": "Joensuu"},
    "last_claim_day": "2026-02-05",
    "last_appeal_day": "2026-02-05",
    "paid_on": "2026-02-05",
    "what_changed": {"fi": "Hakuaika jatkuu.", "sv": "Ansökningstiden fortsätter.", "en": "The call stays open."},
    "call": "Toiminta-avustukset 2026",
}
MESSAGE_ID = UUID("019b7a1e-8c00-7000-8000-000000000001")
AT = datetime(2026, 2, 5, 8, 0, tzinfo=UTC)


def text(occasion: str, language: Language = "fi", **changed: Any) -> MailText:
    written = write(occasion, language, NAME, {**SAMPLES, **changed}, LETTERHEAD)
    assert written is not None
    return written


def mail(to: Addressee, written: MailText, sender: str = "avustukset@county.example") -> EmailMessage:
    content = composed(MESSAGE_ID, sender_of(sender), to, written, to.language, AT)
    read = message_from_bytes(content, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def content_of(read: EmailMessage) -> str:
    content: str = read.get_content()
    return content.replace("\r\n", "\n")


def shown_name(read: EmailMessage, header: str) -> str:
    """The name before an address; EmailMessage itself would read a space between two encoded words."""
    (written,) = (value for name, value in read.raw_items() if name == header)
    return " ".join(str(make_header(decode_header(written.rpartition("<")[0]))).split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("occasion", OCCASIONS)
def test_every_occasion_has_its_text_in_every_language(occasion: str, language: Language) -> None:
    written = text(occasion, language)

    assert NAME in written.body.replace("\n", " ")
    assert ADDRESS in written.body.splitlines()
    assert written.body.endswith(f"\n{LETTERHEAD.county[language if language == 'en' else 'fi']}\n")  # type: ignore[index]
    assert "{" not in written.subject + written.body
    assert all(len(line) <= WIDTH for line in written.body.splitlines() if line != ADDRESS)


def test_every_language_tells_the_same_occasions_with_the_same_parameters() -> None:
    def fields(words: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}

    for occasion, needed in OCCASIONS.items():
        for wording in TEXTS.values():
            subject, paragraphs = wording.occasions[occasion]
            assert set().union(fields(subject), *map(fields, paragraphs)) == set(needed), occasion
    assert all(set(wording.occasions) == set(OCCASIONS) for wording in TEXTS.values())


def test_no_two_texts_are_the_same() -> None:
    bodies = [text(occasion, language).body for occasion in OCCASIONS for language in LANGUAGES]
    assert len(set(bodies)) == len(bodies)


def test_every_standing_that_an_applicant_waits_for_has_a_text_of_its_own_or_that_of_a_report_that_is_due() -> None:
    silent = {
        "in_preparation", "withdrawn", "report_requested", "report_accepted", "agreement_signed",
        "cost_report_accepted", "payment_sent", "report_received", "appealed",
    }  # fmt: skip
    assert set(get_args(Standing)) - set(OCCASIONS) == silent


@pytest.mark.parametrize("occasion", ["withdrawn", "payment.booked", "", "__class__"])
def test_an_unknown_occasion_makes_no_message(occasion: str) -> None:
    assert write(occasion, "fi", NAME, SAMPLES, LETTERHEAD) is None


@pytest.mark.parametrize(("language", "shown"), [("fi", "5.2.2026"), ("sv", "5.2.2026"), ("en", "5 February 2026")])
def test_dates_are_shown_as_the_language_has_them(language: Language, shown: str) -> None:
    assert shown_date(date(2026, 2, 5), language) == shown
    for occasion in (name for name, parameters in OCCASIONS.items() if "date" in parameters.values()):
        assert shown in text(occasion, language).body.replace("\n", " ")


def test_what_is_not_translated_is_said_in_finnish() -> None:
    assert "Vain suomeksi." in text("call_amended", "en", what_changed={"fi": "Vain suomeksi.", "en": None}).body


def test_a_mail_says_which_application_or_call_it_is_about() -> None:
    assert "Diaarinumero: 12/02.05.01.01/2026\nHaku: Toiminta-avustukset 2026\n" in text("decided").body
    assert text("received").body.count("12/02.05.01.01/2026") == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("occasion", OCCASIONS)
def test_what_has_no_place_in_a_mail_is_left_out_though_it_is_handed_in(occasion: str, language: Language) -> None:
    written = text(occasion, language, amount="1234.50 EUR", reasons="Perustelut", iban="FI2112345600000785")
    assert written == text(occasion, language)


@pytest.mark.parametrize(
    ("occasion", "changed", "reason"),
    [
        ("supplement_requested", {"due_on": None}, "supplement_requested: the parameter due_on is missing"),
        ("paid", {"paid_on": "5.2.2026"}, "paid: the parameter paid_on has to be a date such as 2026-02-05"),
        ("paid", {"paid_on": 20260205}, "a date such as"),
        ("received", {"diary_number": 12}, "received: the parameter diary_number has to be a text"),
        ("received", {"diary_number": " \n "}, "diary_number is empty"),
        ("call_amended", {"what_changed": {"en": "Only in English"}}, "with fi among them"),
        ("decided", {"call": ["a"]}, "decided: the parameter call has to be a text"),
    ],
)
def test_a_text_that_cannot_be_written_names_the_parameter(occasion: str, changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(TextImpossible, match=reason):
        text(occasion, **changed)


def test_what_an_officer_asks_stands_indented_with_its_lines() -> None:
    body = text("supplement_requested", question="Ensin\r\n- yksi\n- kaksi\x1b[31m\u202e\u2028loppu").body
    assert "\n\n  Ensin\n  - yksi\n  - kaksi [31m  loppu\n\n" in body


def visible(words: str) -> str:
    return "".join(each for each in words if unicodedata.category(each) not in UNPRINTABLE and not each.isspace())


PRINTED = st.text(min_size=1, max_size=300)


@example("received", "fi", "Anna\n\nBertta {diary_number}", "\r\nBcc: x@example.fi", "{name}")
@given(st.sampled_from(sorted(OCCASIONS)), st.sampled_from(LANGUAGES), PRINTED, PRINTED, PRINTED)
def test_no_data_gets_out_of_its_place(occasion: str, language: Language, name: str, words: str, question: str) -> None:
    parameters = {**SAMPLES, **dict.fromkeys(("diary_number", "municipality", "call"), f"x{words}")}
    parameters |= {"question": f"x{question}", "what_changed": f"x{question}"}
    written = write(occasion, language, name, parameters, LETTERHEAD)

    assert written is not None
    assert written.subject.isprintable()
    lines = written.body.split("\n")
    assert all(len(line) <= WIDTH for line in lines if line != ADDRESS)
    assert not UNPRINTABLE & {unicodedata.category(each) for line in lines for each in line}
    greeted = TEXTS[language].greeting.format(name=name)
    assert visible(written.body.partition("\n\n")[0]) == visible(greeted)
    assert lines[-5:-3] == [TEXTS[language].automatic, ""]


NAMES = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), min_size=1, max_size=200).filter(str.strip)


@example('Plain, "name" <x@example.fi> ' * 6, "County, of the North; " * 6, "Plain subject, " * 12)
@example("Anna", "County", "Subject")
@given(NAMES, NAMES, NAMES)
def test_whatever_a_name_or_a_subject_holds_it_arrives_as_it_was_and_adds_no_header(
    name: str, county: str, subject: str
) -> None:
    subject = " ".join(subject.split())
    county = county.translate({ord(each): None for each in '<>"'}).strip() or "x"
    written = MailText(subject, "Päätös\n")
    read = mail(Addressee("anna@yhdistys.example", name, "fi"), written, f"{county} <avustukset@county.example>")

    assert [each.addr_spec for each in read["To"].addresses] == ["anna@yhdistys.example"]
    assert [each.addr_spec for each in read["From"].addresses] == ["avustukset@county.example"]
    assert shown_name(read, "To") == " ".join(name.split())
    assert shown_name(read, "From") == " ".join(county.split())
    assert read["Subject"] == subject
    assert len(read.keys()) == 10
    assert content_of(read) == "Päätös\n"


def test_a_mail_says_that_a_machine_made_it_and_in_which_language() -> None:
    read = mail(Addressee("anna@yhdistys.example", "Anna", "sv"), text("paid", "sv"))

    assert read["Message-ID"] == f"<{MESSAGE_ID}@county.example>"
    assert read["Date"].datetime == AT
    assert (read["Auto-Submitted"], read["Content-Language"]) == ("auto-generated", "sv")
    assert (read.get_content_type(), read.get_content_charset()) == ("text/plain", "utf-8")
    assert content_of(read) == text("paid", "sv").body


def test_a_long_domain_does_not_change_the_message_id() -> None:
    domain = f"{'a' * 60}.{'b' * 60}.example"
    read = mail(Addressee(f"anna@{domain}", "Anna", "fi"), text("final"), f"avustukset@{domain}")
    assert read["Message-ID"] == f"<{MESSAGE_ID}@{domain}>"
    assert read["To"].addresses[0].addr_spec == f"anna@{domain}"


@pytest.mark.parametrize("subject", ["Päätös\r\nBcc: x@example.fi", "a\nb", "a\x00b", "a\u2028b", "", " a"])
def test_a_subject_that_is_not_one_line_is_refused(subject: str) -> None:
    with pytest.raises(TextImpossible, match="one printable line"):
        MailText(subject, "")


@pytest.mark.parametrize(
    "address",
    [
        "anna@yhdistys.fi\r\nBcc: other@example.fi", "anna@yhdistys.fi\n", "\nanna@yhdistys.fi",
        "anna@yhdistys.fi\r", "anna@yhdistys.fi> SIZE=1", "anna@yhdistys.fi,other@example.fi", "anna @yhdistys.fi",
        "anna", "anna@", "@example.fi", "anna@yhdistys", "anna@@yhdistys.fi", "a..b@yhdistys.fi", ".a@yhdistys.fi",
        "ääni@yhdistys.fi", "anna@-a.fi", "anna@yhdistys..fi", f"{'a' * 65}@yhdistys.fi", f"anna@{'a' * 64}.fi",
        f"anna@{'a.' * 126}fi", "<anna@yhdistys.fi>",
        "anna@ä\r\n.fi", "anna\x00@yhdistys.fi", "",
    ],
)  # fmt: skip
def test_an_address_that_is_none_or_says_more_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(AddresseeInvalid, match=r"read like sihteeri@yhdistys\.fi") as refused:
        Addressee(address, "Anna", "fi")
    assert not address.strip() or address not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("anna.maija+avustus@seura.yhdistys.fi", "anna.maija+avustus@seura.yhdistys.fi"),
        ("o'neill@yhdistys.fi", "o'neill@yhdistys.fi"),
        ("anna@jäätelö.fi", "anna@xn--jtel-loaa3k.fi"),
    ],
)
def test_an_address_is_kept_with_its_domain_in_ascii(address: str, kept: str) -> None:
    assert Addressee(address, "Anna", "fi").address == kept


@pytest.mark.parametrize("name", ["", "  ", "Anna\r\nBcc: x@example.fi", "Anna\x00", "a" * 201])
def test_a_name_that_is_not_one_line_is_refused(name: str) -> None:
    with pytest.raises(AddresseeInvalid, match="one printable line of 1 to 200"):
        Addressee("anna@yhdistys.fi", name, "fi")


def test_an_addressee_does_not_show_in_a_log() -> None:
    assert repr(Addressee("anna@yhdistys.fi", "Anna", "fi")) == "Addressee(language='fi')"


def test_a_language_without_texts_is_refused() -> None:
    with pytest.raises(AddresseeInvalid, match="one of fi, sv, en"):
        Addressee("anna@yhdistys.fi", "Anna", "se")  # type: ignore[arg-type]


@pytest.mark.parametrize("address", ["avustukset.example.fi", "https://a.fi/ b", "https://a.fi/\n", "ftp://a.fi", ""])
def test_a_letterhead_needs_a_web_address(address: str) -> None:
    with pytest.raises(MailSettingsInvalid, match="one word such as https://"):
        Letterhead("County", address)


def test_a_letterhead_needs_the_countys_name_in_finnish() -> None:
    with pytest.raises(MailSettingsInvalid, match="in Finnish at least"):
        Letterhead({"en": "County"}, ADDRESS)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://mail.example", "begin with smtp:// or smtps://"),
        ("mail.example:25", "begin with"),
        ("smtp://", "after the host and port only"),
        ("smtp://mail.example:99999", "host and port"),
        ("smtp://mail.example:x", "host and port"),
        ("smtp://[::1", "host and port"),
        ("smtp://mail.example/path", "after the host and port only"),
        ("smtp://mail.example#x", "after the host and port only"),
        ("smtp://mail.example\r\nQUIT", "has to be one word"),
        ("smtp://mail.example?starttls=maybe", "'required' or 'never'"),
        ("smtp://mail.example?tls=required", "'required' or 'never'"),
        ("smtp://mail.example?starttls=never&starttls=required", "'required' or 'never'"),
        ("smtp://mail.example?x", "'required' or 'never'"),
        ("smtps://mail.example?starttls=required", "encrypted from the start"),
        ("smtp://county@mail.example", "a user but no password"),
        ("smtp://:secret@mail.example", "a password but no user"),
        ("smtp://county:secret@mail.example?starttls=never", "in the clear"),
    ],
)
def test_a_mail_servers_address_that_cannot_be_used_is_refused_and_not_repeated(url: str, reason: str) -> None:
    with pytest.raises(MailSettingsInvalid, match=reason) as refused:
        Mailer(url, "avustukset@county.example")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "sender", ["", "County", "a@b@c", "County <a@b.fi> x", "a@b.fi, c@d.fi", "County\r\nX: y <a@b.fi>", "a@b.fi\n"]
)
def test_a_sender_that_cannot_be_used_is_refused(sender: str) -> None:
    with pytest.raises(MailSettingsInvalid, match="the sender of mails has to read like"):
        Mailer("smtp://mail.example", sender)


def test_optional_parameters_are_known_to_every_language() -> None:
    for name in OPTIONAL:
        assert all(text("final", language, **{name: "nähtävä"}).body.count("nähtävä") for language in LANGUAGES)
