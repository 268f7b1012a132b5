"""The words of the mails by language, for whoever writes and translates them: `{…}` are parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schemas.words import Language


@dataclass(frozen=True, slots=True)
class Wording:
    """All words of one language. `occasions`: occasion → subject, paragraphs."""

    greeting: str
    log_in: str
    automatic: str
    regards: str
    occasions: Mapping[str, tuple[str, tuple[str, ...]]]


REFERENCES: Final[Mapping[str, Mapping[Language, str]]] = {
    "diary_number": {
        "fi": "Diaarinumero: {diary_number}",
        "sv": "Diarienummer: {diary_number}",
        "en": "Diary number: {diary_number}",
    },
    "call": {"fi": "Haku: {call}", "sv": "Utlysning: {call}", "en": "Call: {call}"},
}


def _told(text: str) -> tuple[str, tuple[str, ...]]:
    """A subject and its paragraphs, which empty lines part; where lines end within a paragraph says nothing."""
    subject, *paragraphs = (" ".join(each.split()) for each in text.split("\n\n"))
    return subject, tuple(paragraphs)


_FINNISH: Final = Wording(
    greeting="Hei {name},",
    log_in="Kirjautukaa palveluun:",
    automatic="Tämä on automaattinen viesti, eikä siihen voi vastata.",
    regards="Terveisin",
    occasions={
        "received": _told("""
            Hakemuksenne on vastaanotettu

            Hakemuksenne on kirjattu diaariin numerolla {diary_number}. Ilmoitamme teille, kun käsittely
            etenee. Palvelussa näette, missä vaiheessa hakemuksenne on.
        """),
        "supplement_requested": _told("""
            Täydennyspyyntö: vastatkaa viimeistään {due_on}

            Hakemuksenne käsittelyyn tarvitaan täydennys. Vastatkaa palvelussa viimeistään {due_on}.

            Pyyntö:

            {question}
        """),
        "transferred": _told("""
            Hakemuksenne on siirretty kunnalle

            Hakemuksenne koskee toimintaa, jonka avustaminen on kunnan tehtävä. Hakemus on siirretty
            tälle kunnalle: {municipality}.

            Siirto ei ole hylkäys: kunta käsittelee hakemuksen omien perusteidensa mukaan.
        """),
        "decided": _told("""
            Päätös asiassanne on valmis

            Asiassanne on tehty päätös. Kirjautukaa palveluun lukemaan se.
        """),
        "notified": _told("""
            Päätös on annettu teille tiedoksi

            Päätös asiassanne on annettu teille tiedoksi. Jos olette siihen tyytymättömiä, voitte tehdä
            oikaisuvaatimuksen viimeistään {last_claim_day}.

            Päätöksen ja ohjeet näette palvelussa.
        """),
        "claim_notified": _told("""
            Päätös oikaisuvaatimukseenne on annettu teille tiedoksi

            Päätös oikaisuvaatimukseenne on annettu teille tiedoksi. Jos olette siihen tyytymättömiä, voitte
            valittaa siitä hallinto-oikeuteen viimeistään {last_appeal_day}.

            Päätöksen ja valitusohjeet näette palvelussa.
        """),
        "final": _told("""
            Päätös on lainvoimainen

            Päätös asiassanne on lainvoimainen.
        """),
        "paid": _told("""
            Avustus on maksettu

            Avustus on maksettu {paid_on} ilmoittamallenne tilille.
        """),
        "payment_delayed": _told("""
            Maksu ei mennyt perille: tarkistakaa tilinumero

            Avustuksen maksu ei mennyt perille. Tarkistakaa palvelussa, että tilinumeronne on oikein.
            Emme koskaan pyydä tilinumeroa sähköpostilla.
        """),
        "payment_later": _told("""
            Avustuksen maksu viivästyy

            Avustuksen maksu ei mennyt perille. Selvitämme syyn ja maksamme avustuksen uudelleen. Teidän
            ei tarvitse tehdä mitään.
        """),
        "hearing": _told("""
            Kuuleminen avustuksen takaisinperinnästä: vastatkaa viimeistään {due_on}

            Suunnittelemme avustuksen tai sen osan takaisinperintää. Voitte vastata palvelussa viimeistään
            {due_on}. Kirjautukaa palveluun lukemaan perustelut.
        """),
        "recovery": _told("""
            Päätös avustuksen takaisinperinnästä

            Asiassanne on tehty päätös avustuksen takaisinperinnästä. Kirjautukaa palveluun lukemaan se.
        """),
        "recovery_to_pay": _told("""
            Takaisin maksettava avustus: maksuohjeet

            Palvelussa näette, kuinka paljon teidän on maksettava takaisin ja mihin mennessä, sekä tilin ja
            viitteen. Emme koskaan pyydä maksua tilille, joka on kirjoitettu sähköpostiin.
        """),
        "report_due": _told("""
            Käyttöselvitys on annettava viimeistään {due_on}

            Selvitys avustuksen käytöstä on annettava palvelussa viimeistään {due_on}.
        """),
        "report_returned": _told("""
            Käyttöselvitystänne on täydennettävä viimeistään {due_on}

            Käyttöselvityksenne on palautettu täydennettäväksi. Täydentäkää se palvelussa viimeistään
            {due_on}. Palvelussa näette, mitä siitä puuttuu.
        """),
        "report_overdue": _told("""
            Käyttöselvityksenne on myöhässä

            Selvitys avustuksen käytöstä oli annettava viimeistään {due_on}, eikä se ole saapunut. Antakaa
            se palvelussa mahdollisimman pian. Avustuksesta ei makseta mitään ennen kuin selvitys on
            hyväksytty.
        """),
        "agreement_offered": _told("""
            Sopimus odottaa allekirjoitustanne

            Kumppanuussopimus odottaa allekirjoitustanne. Kirjautukaa palveluun lukemaan ja
            allekirjoittamaan se.
        """),
        "own_funding_awaited": _told("""
            Omarahoitus on osoitettava

            Avustus maksetaan, kun hakemuksessa ilmoitettu omarahoitus on osoitettu. Palvelussa näette,
            paljonko siitä on vielä osoittamatta.
        """),
        "cost_report_returned": _told("""
            Kustannusselvitystänne on täydennettävä viimeistään {due_on}

            Kustannusselvityksenne on palautettu täydennettäväksi. Täydentäkää se palvelussa viimeistään
            {due_on}. Palvelussa näette, mitä siitä puuttuu.
        """),
        "change_decided": _told("""
            Muutoshakemuksenne on ratkaistu

            Muutoshakemukseenne on tehty päätös. Kirjautukaa palveluun lukemaan se.
        """),
        "account_change_requested": _told("""
            Tilinumeronne muuttamista on pyydetty

            Yhdistyksenne tilinumeron muuttamista on pyydetty. Uusi tili otetaan käyttöön vasta, kun toinen
            henkilö on vahvistanut muutoksen. Jos ette ole pyytäneet muutosta, ottakaa heti yhteyttä
            avustusten valmistelijaan.
        """),
        "account_changed": _told("""
            Tilinumeronne on muutettu

            Yhdistyksenne tilinumero on muutettu, ja avustukset maksetaan tästä lähin uudelle tilille. Jos
            ette ole pyytäneet muutosta, ottakaa heti yhteyttä avustusten valmistelijaan.
        """),
        "account_change_refused": _told("""
            Tilinumeroanne ei muutettu

            Pyydettyä tilinumeron muutosta ei tehty, ja avustukset maksetaan entiselle tilille. Palvelussa
            näette syyn.
        """),
        "call_amended": _told("""
            Haun tietoja on muutettu

            Haku, johon olette lähettäneet tai aloittaneet hakemuksen, on muuttunut:

            {what_changed}
        """),
    },
)

_SWEDISH: Final = Wording(
    greeting="Hej {name},",
    log_in="Logga in i tjänsten:",
    automatic="Detta är ett automatiskt meddelande som inte kan besvaras.",
    regards="Med vänlig hälsning",
    occasions={
        "received": _told("""
            Er ansökan har tagits emot

            Er ansökan har antecknats i diariet med numret {diary_number}. Vi meddelar er när
            behandlingen går framåt. I tjänsten ser ni i vilket skede ansökan är.
        """),
        "supplement_requested": _told("""
            Begäran om komplettering: svara senast {due_on}

            För behandlingen av er ansökan behövs en komplettering. Svara i tjänsten senast {due_on}.

            Begäran:

            {question}
        """),
        "transferred": _told("""
            Er ansökan har överförts till kommunen

            Er ansökan gäller verksamhet som det är kommunens uppgift att understöda. Ansökan har
            överförts till denna kommun: {municipality}.

            Överföringen är inget avslag: kommunen behandlar ansökan enligt sina egna grunder.
        """),
        "decided": _told("""
            Beslutet i ert ärende är klart

            Ett beslut har fattats i ert ärende. Logga in i tjänsten för att läsa det.
        """),
        "notified": _told("""
            Beslutet har delgetts er

            Beslutet i ert ärende har delgetts er. Om ni är missnöjda med det kan ni begära omprövning
            senast {last_claim_day}.

            Beslutet och anvisningarna finns i tjänsten.
        """),
        "claim_notified": _told("""
            Beslutet om er begäran om omprövning har delgetts er

            Beslutet om er begäran om omprövning har delgetts er. Om ni är missnöjda med det kan ni
            överklaga det hos förvaltningsdomstolen senast {last_appeal_day}.

            Beslutet och besvärsanvisningen finns i tjänsten.
        """),
        "final": _told("""
            Beslutet har vunnit laga kraft

            Beslutet i ert ärende har vunnit laga kraft.
        """),
        "paid": _told("""
            Understödet har betalats

            Understödet har betalats {paid_on} till det konto som ni har uppgett.
        """),
        "payment_delayed": _told("""
            Betalningen gick inte fram: kontrollera kontonumret

            Betalningen av understödet gick inte fram. Kontrollera i tjänsten att ert kontonummer är
            rätt. Vi ber aldrig om kontonummer per e-post.
        """),
        "payment_later": _told("""
            Betalningen av understödet dröjer

            Betalningen av understödet gick inte fram. Vi utreder orsaken och betalar understödet på nytt.
            Ni behöver inte göra något.
        """),
        "hearing": _told("""
            Hörande om återkrav av understöd: svara senast {due_on}

            Vi planerar att återkräva understödet eller en del av det. Ni kan svara i tjänsten senast
            {due_on}. Logga in i tjänsten för att läsa grunderna.
        """),
        "recovery": _told("""
            Beslut om återkrav av understöd

            Ett beslut om återkrav av understöd har fattats i ert ärende. Logga in i tjänsten för att
            läsa det.
        """),
        "recovery_to_pay": _told("""
            Understöd som ska betalas tillbaka: betalningsanvisningar

            I tjänsten ser ni hur mycket ni ska betala tillbaka och senast när, samt kontot och
            referensnumret. Vi ber aldrig om betalning till ett konto som står i ett e-postmeddelande.
        """),
        "report_due": _told("""
            Redovisningen ska lämnas senast {due_on}

            Redovisningen av hur understödet har använts ska lämnas i tjänsten senast {due_on}.
        """),
        "report_returned": _told("""
            Er redovisning ska kompletteras senast {due_on}

            Er redovisning av hur understödet har använts har återsänts för komplettering. Komplettera den i
            tjänsten senast {due_on}. I tjänsten ser ni vad som saknas.
        """),
        "report_overdue": _told("""
            Er redovisning är försenad

            Redovisningen av hur understödet har använts skulle lämnas senast {due_on}, men den har inte
            kommit. Lämna den i tjänsten så snart som möjligt. Inget av understödet betalas innan
            redovisningen har godkänts.
        """),
        "agreement_offered": _told("""
            Avtalet väntar på er underskrift

            Partnerskapsavtalet väntar på er underskrift. Logga in i tjänsten för att läsa och
            underteckna det.
        """),
        "own_funding_awaited": _told("""
            Självfinansieringen ska styrkas

            Understödet betalas när den självfinansiering som uppgetts i ansökan är styrkt. I tjänsten ser
            ni hur mycket som ännu ska styrkas.
        """),
        "cost_report_returned": _told("""
            Er kostnadsredovisning ska kompletteras senast {due_on}

            Er kostnadsredovisning har återsänts för komplettering. Komplettera den i tjänsten senast
            {due_on}. I tjänsten ser ni vad som saknas.
        """),
        "change_decided": _told("""
            Er ändringsansökan har avgjorts

            Ett beslut om er ändringsansökan har fattats. Logga in i tjänsten för att läsa det.
        """),
        "account_change_requested": _told("""
            Det har begärts att ert kontonummer ändras

            Det har begärts att er förenings kontonummer ändras. Det nya kontot tas i bruk först när en annan
            person har bekräftat ändringen. Om ni inte har begärt ändringen ska ni genast kontakta
            beredaren av understöden.
        """),
        "account_changed": _told("""
            Ert kontonummer har ändrats

            Er förenings kontonummer har ändrats, och understöden betalas från och med nu till det nya
            kontot. Om ni inte har begärt ändringen ska ni genast kontakta beredaren av understöden.
        """),
        "account_change_refused": _told("""
            Ert kontonummer ändrades inte

            Den begärda ändringen av kontonumret gjordes inte, och understöden betalas till det tidigare
            kontot. I tjänsten ser ni orsaken.
        """),
        "call_amended": _told("""
            Uppgifterna i utlysningen har ändrats

            Utlysningen som ni har sökt i eller har påbörjat en ansökan till har ändrats:

            {what_changed}
        """),
    },
)

_ENGLISH: Final = Wording(
    greeting="Dear {name},",
    log_in="Log in to the service:",
    automatic="This is an automatic message. It cannot be replied to.",
    regards="Kind regards",
    occasions={
        "received": _told("""
            Your application has been received

            Your application has been entered in the diary under number {diary_number}. We will tell you
            when its handling moves on. The service shows where your application stands.
        """),
        "supplement_requested": _told("""
            Request for further information: reply by {due_on}

            Further information is needed to handle your application. Please reply in the service by
            {due_on}.

            The request:

            {question}
        """),
        "transferred": _told("""
            Your application has been transferred to the municipality

            Your application concerns activities that are the municipality's task to support. It has
            been transferred to this municipality: {municipality}.

            The transfer is no rejection: the municipality handles the application by its own criteria.
        """),
        "decided": _told("""
            The decision in your case is ready

            A decision has been made in your case. Please log in to read it.
        """),
        "notified": _told("""
            You have been notified of the decision

            You have been notified of the decision in your case. If you are not satisfied with it, you
            may make a claim for rectification by {last_claim_day}.

            The decision and the instructions are in the service.
        """),
        "claim_notified": _told("""
            You have been notified of the decision on your claim

            You have been notified of the decision on your claim for rectification. If you are not
            satisfied with it, you may appeal to the administrative court by {last_appeal_day}.

            The decision and the instructions for an appeal are in the service.
        """),
        "final": _told("""
            The decision is final

            The decision in your case is final.
        """),
        "paid": _told("""
            The grant has been paid

            The grant was paid on {paid_on} to the account that you have given.
        """),
        "payment_delayed": _told("""
            The payment did not arrive: check the account number

            The payment of the grant did not arrive. Please check in the service that your account
            number is right. We never ask for an account number by e-mail.
        """),
        "payment_later": _told("""
            The payment of the grant is delayed

            The payment of the grant did not arrive. We will find out why and pay the grant again. You need
            not do anything.
        """),
        "hearing": _told("""
            Hearing on the recovery of a grant: please answer by {due_on}

            We plan to recover the grant or a part of it. You can answer in the service by {due_on}.
            Please log in to read the grounds.
        """),
        "recovery": _told("""
            Decision on the recovery of a grant

            A decision on the recovery of a grant has been made in your case. Please log in to read it.
        """),
        "recovery_to_pay": _told("""
            Grant to be paid back: how to pay

            The service shows how much you have to pay back and by when, the account and the reference
            number. We never ask for a payment to an account that is written in an e-mail.
        """),
        "report_due": _told("""
            The report on the use of the grant is due by {due_on}

            The report on the use of the grant has to be given in the service by {due_on}.
        """),
        "report_returned": _told("""
            Your report on the use of the grant has to be completed by {due_on}

            Your report on the use of the grant has been returned to be completed. Please complete it in the
            service by {due_on}. The service shows what is missing.
        """),
        "report_overdue": _told("""
            Your report on the use of the grant is late

            The report on the use of the grant was due by {due_on} and has not come. Please give it in the
            service as soon as you can. Nothing of the grant is paid until the report has been accepted.
        """),
        "agreement_offered": _told("""
            An agreement waits for your signature

            The partnership agreement waits for your signature. Please log in to read and sign it.
        """),
        "own_funding_awaited": _told("""
            Your own funding has to be proven

            The grant is paid once the own funding that your application declares is proven. The service
            shows how much of it is still to be proven.
        """),
        "cost_report_returned": _told("""
            Your report of costs has to be completed by {due_on}

            Your report of costs has been returned to be completed. Please complete it in the service by
            {due_on}. The service shows what is missing.
        """),
        "change_decided": _told("""
            Your request for a change has been decided

            A decision has been made on your request for a change. Please log in to read it.
        """),
        "account_change_requested": _told("""
            A change of your account number has been asked for

            A change of your association's account number has been asked for. The new account is used only
            once another person has confirmed the change. If you have not asked for it, please contact the
            grants officer at once.
        """),
        "account_changed": _told("""
            Your account number has been changed

            Your association's account number has been changed, and grants are paid to the new account from
            now on. If you have not asked for the change, please contact the grants officer at once.
        """),
        "account_change_refused": _told("""
            Your account number was not changed

            The change of the account number that was asked for was not made, and grants are paid to the
            earlier account. The service shows the reason.
        """),
        "call_amended": _told("""
            The call has been changed

            The call that you have applied to, or have begun an application for, has changed:

            {what_changed}
        """),
    },
)

TEXTS: Final[Mapping[Language, Wording]] = {"fi": _FINNISH, "sv": _SWEDISH, "en": _ENGLISH}
