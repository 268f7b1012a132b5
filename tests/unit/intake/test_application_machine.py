"""Whatever comes in whatever order to one application: from its applicant, from decisions and from payments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final, get_args
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from schemas.calls import AttachedFile
from schemas.facts import Fact
from schemas.helsinki import HELSINKI
from schemas.intake import (
    ApplicationAttachmentAdded,
    ApplicationStandingChanged,
    ApplicationSubmitted,
    ApplicationSupplemented,
    ApplicationWithdrawn,
    CallPublished,
    ChangeRequested,
    Channel,
    CostReportSubmitted,
    Standing,
    UsageReportSubmitted,
)
from schemas.refusals import Refused, SeveralRefused
from services.intake.domain import applications
from services.intake.domain.applications import DECIDED, Application
from services.intake.domain.calls import Call
from tests.unit.given import fact, folded, refused
from tests.unit.reaching import Kinds, reaching

OPENS: Final = datetime(2025, 12, 15, 6, 0, tzinfo=UTC)
CLOSES: Final = datetime(2026, 1, 16, 14, 0, tzinfo=UTC)
LATER_UNTIL: Final = date(2026, 4, 30)
ASKED: Final = {"kind": "annual-accounts", "label": {"fi": "Tilinpäätös"}, "later_until": LATER_UNTIL.isoformat()}
CALL: Final = Call(fact(CallPublished, attachments=[ASKED, {"kind": "rules", "label": {"fi": "Säännöt"}}]))
TOLD: Final[tuple[Standing, ...]] = tuple(each for each in get_args(Standing) if each != "withdrawn")
USUAL: Final[tuple[Standing, ...]] = ("in_preparation", "decided", "notified", "final", "paid")
CHANNELS: Final = st.sampled_from(get_args(Channel))
NUMBERS: Final = st.integers(0, 3)
BUDGET: Final = {"costs": [{"label": "Tilavuokrat", "amount": "10.00 EUR"}]}
WRITTEN: Final[Kinds] = {
    ApplicationAttachmentAdded,
    ApplicationStandingChanged,
    ApplicationSubmitted,
    ApplicationSupplemented,
    ApplicationWithdrawn,
    ChangeRequested,
    CostReportSubmitted,
    UsageReportSubmitted,
}
REACHED: Final[Kinds] = set()


def identity(number: int) -> UUID:
    return UUID(int=0x019B7A1E8C0070008000000000000100 + number)


class ApplicationMachine(RuleBasedStateMachine):
    """Does with the domain what the commands and reactions do; a refused command leaves no fact."""

    def __init__(self) -> None:
        super().__init__()
        self.now = OPENS - timedelta(hours=1)
        self.facts: list[Fact] = []
        self.state: Application | None = None
        self.requests = 0

    def act(self, run: Callable[[Application], list[Fact]]) -> list[Fact]:
        """Runs a command on the application if there is one; the facts that it wrote."""
        if self.state is None:
            return []
        before = self.state
        try:
            made = run(before)
        except (Refused, SeveralRefused):
            assert self.state == before
            return []
        self.add(made)
        return made

    def add(self, made: list[Fact]) -> None:
        for each in made:
            self.facts.append(each)
            self.state = applications.evolve(self.state, each)

    # --- what the applicant and other services do ------------------------------------------------------------

    @initialize(hours=st.integers(0, 800), steps=st.integers(0, 6), channel=CHANNELS)
    def start_midway(self, hours: int, steps: int, channel: Channel) -> None:
        self.now += timedelta(hours=hours)
        if steps:
            self.submit(channel)
        for each in USUAL[: max(0, steps - 1)]:
            self.others_tell(each, 1_000, asks=False)

    @rule(minutes=st.sampled_from([1, 60, 24 * 60, 30 * 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(channel=CHANNELS)
    def submit(self, channel: Channel) -> None:
        arrived_on = self.now.astimezone(HELSINKI).date()
        moment = applications.paper_moment(arrived_on) if channel == "paper" else self.now
        sent = fact(ApplicationSubmitted, channel=channel, arrived_on=arrived_on.isoformat(), late=False)
        is_early = arrived_on < OPENS.astimezone(HELSINKI).date() if channel == "paper" else self.now < OPENS
        if self.state is not None or is_early:
            with refused("call-not-open" if self.state is None else "application-exists"):
                applications.submit(self.state, CALL, sent, moment)
            return
        made = applications.submit(self.state, CALL, sent, moment)
        (submitted,) = made
        assert isinstance(submitted, ApplicationSubmitted)
        assert submitted.late is (moment >= CLOSES + timedelta(minutes=1))
        self.add(made)

    @rule(standing=st.sampled_from(TOLD), amount=st.sampled_from([0, 1_000]), asks=st.booleans())
    def others_tell(self, standing: Standing, amount: int, asks: bool) -> None:
        """In any order: topics do not wait for each other."""
        request_id = None
        if standing in {"supplement_requested", "hearing"}:
            self.requests += 1
            request_id = identity(self.requests)
        due_on = self.now.date() if asks else None
        change = fact(
            ApplicationStandingChanged, standing=standing, request_id=request_id, due_on=due_on,
            amount=amount if standing == "decided" else None,
        )  # fmt: skip
        self.act(lambda state: applications.note_standing(state, change))

    @rule()
    def others_ask_for_a_supplement(self) -> None:
        self.others_tell("supplement_requested", 0, asks=True)

    @rule(number=NUMBERS)
    def supplement(self, number: int) -> None:
        """Of one of the last requests, or of none."""
        self.act(lambda state: applications.supplement(state, identity(self.requests - number), "Vastaus"))

    @rule(rarely=st.integers(0, 2))
    def withdraw(self, rarely: int) -> None:
        """At 0 alone, so that most applications live, or where a decision is known."""
        if rarely == 0 or _decided(self.facts):
            self.act(lambda state: applications.withdraw(state, "Ei tarvetta"))

    @rule(number=NUMBERS, kind=st.sampled_from(["annual-accounts", "rules", "photo"]))
    def add_attachment(self, number: int, kind: str) -> None:
        file = AttachedFile(
            attachment_id=identity(number), kind=kind, name="a.pdf", sha256="0" * 64, size_bytes=1,
            media_type="application/pdf",
        )  # fmt: skip
        today = self.now.astimezone(HELSINKI).date()
        supplements = self.state is not None and bool(self.state.open_requests) and not _decided(self.facts)
        if self.act(lambda state: applications.add_attachment(state, CALL, file, today)):
            assert supplements or (kind, today <= LATER_UNTIL) == ("annual-accounts", True)

    @rule(what=st.sampled_from(["time", "budget", "purpose"]), budget=st.booleans())
    def request_change(self, what: str, budget: bool) -> None:
        request = fact(ChangeRequested, what=what, budget=BUDGET if budget else None)
        if self.act(lambda state: applications.request_change(state, request)):
            assert budget is (what == "budget")

    @rule()
    def report_use(self) -> None:
        self.act(lambda state: applications.report_use(state, fact(UsageReportSubmitted)))

    @rule()
    def report_costs(self) -> None:
        self.act(lambda state: applications.report_costs(state, fact(CostReportSubmitted)))

    def teardown(self) -> None:
        REACHED.update(type(each) for each in self.facts)
        assert self.state == folded(applications.evolve, None, *self.facts)

    # --- what holds after each, by the facts alone -----------------------------------------------------------

    def before(self, kind: type[Fact]) -> list[list[Fact]]:
        """What was recorded before each fact of a kind."""
        return [self.facts[:index] for index, each in enumerate(self.facts) if isinstance(each, kind)]

    @invariant()
    def an_application_is_sent_once_and_first(self) -> None:
        sent = [index for index, each in enumerate(self.facts) if isinstance(each, ApplicationSubmitted)]
        assert sent == ([0] if self.facts else [])

    @invariant()
    def nothing_follows_a_withdrawal_but_what_was_done_before_it_was_heard_of(self) -> None:
        withdrawn = [index for index, each in enumerate(self.facts) if isinstance(each, ApplicationWithdrawn)]
        assert len(withdrawn) <= 1
        if not withdrawn:
            assert self.state is None or self.state.standing != "withdrawn"
            return
        assert self.state is not None
        following = self.facts[withdrawn[0] + 1 :]
        assert (self.state.standing == "withdrawn") is (not following)
        if following:
            first = following[0]
            assert isinstance(first, ApplicationStandingChanged)
            assert first.standing in DECIDED | {"transferred"}

    @invariant()
    def nothing_that_was_decided_is_withdrawn(self) -> None:
        assert not any(_decided(earlier) for earlier in self.before(ApplicationWithdrawn))

    @invariant()
    def what_follows_a_decision_follows_one(self) -> None:
        for kind in (ChangeRequested, UsageReportSubmitted, CostReportSubmitted):
            assert all(_decided(earlier) for earlier in self.before(kind))

    @invariant()
    def each_request_for_a_supplement_is_answered_once(self) -> None:
        asked = [
            each.request_id
            for each in self.facts
            if isinstance(each, ApplicationStandingChanged) and each.standing == "supplement_requested"
        ]
        answered = [each.request_id for each in self.facts if isinstance(each, ApplicationSupplemented)]
        assert len(set(answered)) == len(answered)
        assert set(answered) <= set(asked)
        if self.state is not None:
            assert self.state.open_requests == set(asked) - set(answered)

    @invariant()
    def a_report_of_use_comes_once_for_each_time_that_it_is_asked_for_and_once_unasked(self) -> None:
        reports, free, asked = 0, 1, False
        for each in self.facts:
            if isinstance(each, ApplicationStandingChanged):
                asked = asked or each.standing in {"report_requested", "report_returned"}
            if isinstance(each, UsageReportSubmitted):
                free, asked, reports = free if asked else free - 1, False, reports + 1
                assert free >= 0
                free = 0

    @invariant()
    def an_attachment_is_added_once(self) -> None:
        added = [each.file.attachment_id for each in self.facts if isinstance(each, ApplicationAttachmentAdded)]
        assert len(set(added)) == len(added)

    @invariant()
    def the_diary_number_stays_once_it_is_known(self) -> None:
        told = [each.diary_number for each in self.facts if isinstance(each, ApplicationStandingChanged)]
        if self.state is not None:
            assert self.state.diary_number == (told[-1] if told else None)


def _decided(facts: list[Fact]) -> bool:
    return any(isinstance(each, ApplicationStandingChanged) and each.standing in DECIDED for each in facts)


TestApplications = reaching(ApplicationMachine, WRITTEN, REACHED, steps=30)
