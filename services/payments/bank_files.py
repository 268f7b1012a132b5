"""Taking files from the bank: status reports, statements and notifications. Load, decide, append."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from uuid import UUID

from schemas.facts import Fact
from schemas.payments import BankFileImported, StatementNoted
from schemas.refusals import conflict, not_found
from services.ledger import Ledger, StreamWrite
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Plan, fold, load, load_many
from services.web.pages import PageRequest, cut_page

from .bank.identifiers import message_id
from .bank.statement import StatementFile, read_statement_file
from .bank.status_report import StatusReport
from .bank_answers import LISTED_MAX, archive_ids, dropped, statements_noted, status_warnings, statuses
from .bank_sifting import Ours, Sifted, bundle_events, effects_of, payees, sift
from .domain import statements
from .domain.statements import Account
from .handlers import Payments
from .queries import all_entries, claims_by_reference, payments_by_id, stated_accounts
from .reading import BankFile, answers, keys_of, read_bank_file
from .views import statement_place

SHOWN_MAX: Final = 10_000
_BUNDLES = """
SELECT key, document FROM register_version
WHERE register = 'runs' AND to_position IS NULL AND document ->> 'message_id' = ANY ($1::text[])
"""


class BankFiles:
    """The commands and questions about files from the bank."""

    def __init__(self, ledger: Ledger, payments: Payments) -> None:
        self._ledger = ledger
        self._payments = payments

    async def take(self, command: Command, content: bytes) -> Answer:
        """Takes a file from the bank whole, or refuses it whole. The same file again changes nothing and says so."""
        digest = await self._payments.files.put("bank_file", content) if content else ""
        file = await asyncio.to_thread(read_bank_file, content, digest)

        async def decide() -> Plan:
            marker = await load(self._ledger, f"file/{digest}", lambda _state, fact: fact, None)
            if marker.state is not None:
                return Plan((), {"sha256": digest, "kind": file.kind, "already_imported": True, "effects": {}})
            sifted, ours = await self._sifted(file)
            owed = await self._payments.grants(sorted({*sifted.by_grant, *payees(sifted, ours)}))
            for bundle in sifted.bundles:
                for application_id, event in bundle_events(bundle, ours.runs[bundle.message], owed, digest):
                    sifted.by_grant.setdefault(application_id, []).append(event)
            writes, effects = effects_of(sifted, owed)
            followed, told = await self._followed(file)
            imported = BankFileImported(
                sha256=digest, kind=file.kind, statements=file.statements, entries=file.entries,
                credits=file.credits, debits=file.debits,
            )  # fmt: skip
            answer = {
                "sha256": digest, "kind": file.kind, "already_imported": False, "effects": effects,
                "not_ours": sifted.others.count, "others": sifted.others.shown(), "outcomes": sifted.outcomes,
                "gaps": told["gaps"], "warnings": [*sifted.warnings, *told["warnings"]][:LISTED_MAX],
            }  # fmt: skip
            return Plan((marker.write([imported]), *followed, *writes), answer)

        return await carry_out(self._ledger, command, decide)

    async def show(self, digest: str) -> dict[str, Any]:
        """What a file says, read anew from its bytes: its statements, the entries that are not ours, or the status of
        each payment. Raises Refused (not found).
        """
        marker = await load(self._ledger, f"file/{digest}", lambda _state, fact: fact, None)
        content = await self._payments.files.get(digest)
        if not isinstance(marker.state, BankFileImported) or content is None:
            raise not_found("file from the bank with this SHA-256")
        file = await asyncio.to_thread(read_bank_file, content, digest)
        sifted, ours = await self._sifted(file, SHOWN_MAX)
        noted, _ = statements_noted(file)
        report = file.parsed if isinstance(file.parsed, StatusReport) else None
        return {
            "sha256": digest, "kind": file.kind,
            "statements": [
                each.model_dump(mode="json", exclude={"missing", "follows", "corrects", "sha256"}) for each in noted
            ],
            "others": sifted.others.shown(),
            "payments": [] if report is None else statuses(report, ours.payments),
        }  # fmt: skip

    async def gaps(self, asked: PageRequest, position: int, iban: str | None = None) -> dict[str, Any]:
        """A page of the statements before which others are missing as of a position, or whose balance does not follow,
        in the order of the list of statements.
        """
        accounts = [iban] if iban else await stated_accounts(self._ledger, position)
        found: dict[str, dict[str, Any]] = {}
        for stream, records in (await self._ledger.streams([_stream(each) for each in accounts])).items():
            known = [each for each in records if each.position <= position]
            for gap in fold(stream, known, statements.evolve, Account()).state.gaps():
                told = gap.after.model_dump(mode="json")
                now = {"missing": list(gap.missing), "follows": gap.follows, "sentence": gap.sentence}
                found[statement_place(told)] = {**told, **now}
        start = asked.after(str)
        rest = [each for each in sorted(found.items()) if start is None or each[0] > str(start[0])]
        shown, following = cut_page(rest[: asked.rows], asked, lambda item: (item[0],))
        return {"items": [told for _, told in shown], "next": following, "position": position}

    async def _sifted(self, file: BankFile, listed_max: int = LISTED_MAX) -> tuple[Sifted, Ours]:
        if isinstance(file.parsed, StatusReport):
            return await self._answered(file, file.parsed)
        keys = await asyncio.to_thread(keys_of, file.parsed)
        payments = await payments_by_id(self._ledger, sorted(keys.end_to_end_ids))
        claims = await claims_by_reference(self._ledger, sorted(keys.references))
        runs = await self._ledger.pool.fetch(_BUNDLES, sorted(keys.bundles))
        found = [await self._payments.run(UUID(row["key"])) for row in runs]
        ours = Ours(
            {each["end_to_end_id"]: each["application_id"] for each in payments},
            {reference: str(application) for reference, application in claims.items()},
            {message_id(run.run_id): run.lines for _, run in found},
        )
        return await asyncio.to_thread(sift, file.parsed, ours, file.sha256, listed_max), ours

    async def _answered(self, file: BankFile, report: StatusReport) -> tuple[Sifted, Ours]:
        found = await all_entries(self._ledger, "runs", {"message_id": report.original_message_id})
        if any(each.document["state"] != "sent" for each in found):
            # After a crash in the hand-over the bank may know first. Taken now, what it rejects would be lost.
            raise conflict("bank-out-of-order", f"the bank answers {report.original_message_id}, which is not recorded "
                           "as sent yet: send the run again, then import this file")  # fmt: skip
        sent = {
            str(line["end_to_end_id"]): str(line["application_id"])
            for entry in found
            for line in entry.document["lines"]
        }
        sifted = Sifted(warnings=status_warnings(report, sent))
        for event in answers(report, sent, file.sha256):
            sifted.by_grant.setdefault(sent[event.key], []).append(event)
        for told in statuses(report, sent):
            sifted.outcomes[told["outcome"]] = sifted.outcomes.get(told["outcome"], 0) + 1
        return sifted, Ours(sent, {}, {})

    async def _followed(self, file: BankFile) -> tuple[list[StreamWrite], dict[str, list[str]]]:
        """The row of statements after this file, for each account that it has statements of."""
        came, gaps = await asyncio.to_thread(statements_noted, file)
        warnings: list[str] = []
        names = sorted({_stream(each.iban) for each in came})
        accounts = await load_many(self._ledger, names, statements.evolve, Account())
        states = {name: loaded.state for name, loaded in accounts.items()}
        facts: dict[str, list[Fact]] = {name: [] for name in names}
        for each in came:
            name = _stream(each.iban)
            known = states[name].known(each)
            for fact in statements.note(states[name], each):
                states[name] = statements.evolve(states[name], fact)
                facts[name].append(fact)
            if known is not None and known.sha256 != each.sha256:
                gaps.append(f"Statement {each.statement_id} of {each.iban} corrects the one of file {known.sha256}.")
                warnings += await self._dropped(known, each, file)
        gaps += [gap.sentence for state in states.values() for gap in state.gaps()]
        writes = [accounts[name].write(made) for name, made in facts.items() if made]
        return writes, {"gaps": gaps[:LISTED_MAX], "warnings": warnings}

    async def _dropped(self, known: StatementNoted, came: StatementNoted, file: BankFile) -> list[str]:
        content = await self._payments.files.get(known.sha256)
        assert content is not None, "a file is stored before its hash is recorded"
        assert isinstance(file.parsed, StatementFile), "only statements are corrected"
        return await asyncio.to_thread(_entries_dropped, content, known, file.parsed, came)


def _stream(iban: str) -> str:
    return f"statement/{iban}"


def _entries_dropped(
    content: bytes, known: StatementNoted, corrected: StatementFile, came: StatementNoted
) -> list[str]:
    return list(dropped(archive_ids(read_statement_file(content), known), archive_ids(corrected, came)))
