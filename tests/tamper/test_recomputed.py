"""P5: a superuser who changes the history and recomputes every hash is found by whoever kept a checkpoint or a copy."""

import re
from collections.abc import Awaitable, Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.ledger import Signer, decode_body
from services.ledger.inspection import Finding
from tests.tamper.attacker import (
    Attack,
    another,
    attacking,
    cheaper,
    first,
    forged,
    renumbered,
    signed_by,
    told,
    unsigned,
)
from tests.tamper.sealed import SIGNED_EARLIER, SIZE, Sealed

History = list[bytes]
INTERVAL = re.compile(r"changed after position (\d+), up to (\d+)")


def amount_changed(position: int) -> Callable[[History], History]:
    def change(bodies: History) -> History:
        return [*bodies[: position - 1], cheaper(bodies[position - 1]), *bodies[position:]]

    return change


def deleted(bodies: History) -> History:
    return renumbered([*bodies[:99], *bodies[100:]])


def inserted(bodies: History) -> History:
    return renumbered([*bodies[:99], another(bodies[99]), *bodies[99:]])


def swapped(bodies: History) -> History:
    """Two neighbours of one stream and moment: nothing but the mirror can tell their order."""
    return renumbered([*bodies[:101], bodies[102], bodies[101], *bodies[103:]])


def regrown(bodies: History) -> History:
    """The last fifty cut off, and others recorded in their place."""
    return renumbered([*bodies[:550], *map(another, bodies[550:])])


def actor_changed(bodies: History) -> History:
    return [*bodies[:399], bodies[399].replace(b'"person:', b'"somebody:'), *bodies[400:]]


CHANGES: dict[str, tuple[Callable[[History], History], int]] = {
    "the first amount": (amount_changed(1), 1),
    "an amount": (amount_changed(100), 100),
    "an amount after the earlier checkpoint": (amount_changed(400), 400),
    "the last amount": (amount_changed(SIZE), SIZE),
    "an actor": (actor_changed, 400),
    "an event deleted": (deleted, 100),
    "an event inserted": (inserted, 100),
    "two events swapped": (swapped, 102),
    "another end": (regrown, 551),
}


async def _left(attack: Attack) -> None:
    """Without the key no checkpoint can be signed anew."""


async def _newest_deleted(attack: Attack) -> None:
    await attack.execute("DELETE FROM checkpoint WHERE size = $1", SIZE)


async def _all_deleted(attack: Attack) -> None:
    await attack.execute("DELETE FROM checkpoint")


async def _altered(attack: Attack) -> None:
    await attack.sign_anew(unsigned)


async def _signed_by_another_key(attack: Attack) -> None:
    name = attack.sealed.signer.name
    await attack.sign_anew(signed_by(Signer(name, Ed25519PrivateKey.generate())))


async def _signed_by_the_ledgers_own_key(attack: Attack) -> None:
    await attack.sign_anew(signed_by(attack.sealed.signer))


CHECKPOINTS = (
    _left,
    _newest_deleted,
    _all_deleted,
    _altered,
    _signed_by_another_key,
    _signed_by_the_ledgers_own_key,
)


def _assert_interval_holds(found: list[Finding], position: int, of: str) -> None:
    """The findings about a kind of checkpoint say between which sizes the change is; or a part is missing."""
    about = [each for each in found if of in each.what]
    assert about, told(found)
    intervals = [match for each in about if (match := INTERVAL.search(each.what))]
    for match in intervals:
        assert int(match[1]) < position <= int(match[2]), told(found)
    assert intervals or first(found) == SIZE, told(found)


@pytest.mark.parametrize(("alter", "position"), CHANGES.values(), ids=CHANGES.keys())
async def test_a_recomputed_history(sealed: Sealed, alter: Callable[[History], History], position: int) -> None:
    """Whatever becomes of the ledger's own checkpoints."""
    async with attacking(sealed) as attack:
        await attack.rewrite(alter(list(sealed.bodies)))
        for treat in CHECKPOINTS:
            async with attack.undone():
                await treat(attack)
                found = await attack.found()
                assert first(found) == position, f"{treat.__name__}: {told(found)}"
                _assert_interval_holds(await attack.found_by_checkpoints(), position, "the trusted checkpoint of")
                _judge_inside(await attack.found_from_inside(), treat, position)


def _judge_inside(inside: list[Finding], treat: Callable[[Attack], Awaitable[None]], position: int) -> None:
    """The database can betray itself only by a signature that the attacker could neither make nor remove."""
    unseen = {_all_deleted, _signed_by_the_ledgers_own_key}
    if treat in unseen or (treat is _newest_deleted and position > SIGNED_EARLIER):
        assert inside == [], told(inside)
    elif treat in {_altered, _signed_by_another_key}:
        assert "the stored checkpoint of" in told(inside)
        assert "sign" in told(inside)
    else:
        _assert_interval_holds(inside, position, "the stored checkpoint of")


async def test_the_true_history_written_again_is_no_finding(sealed: Sealed) -> None:
    """What the attacker writes is right in all but what he changes: else these tests would find his mistakes."""
    async with attacking(sealed) as attack:
        await attack.rewrite(sealed.bodies)
        assert await attack.found() == []
        await attack.sign_anew(signed_by(sealed.signer))
        assert await attack.found() == []


async def test_the_same_data_in_other_bytes(sealed: Sealed) -> None:
    """Bytes are hashed, not meanings."""
    record = decode_body(sealed.bodies[99])
    respelt = forged(record, data=record.data_bytes.replace(b'"amount"', b'"\\u0061mount"'))
    assert decode_body(respelt).data == record.data
    async with attacking(sealed) as attack:
        await attack.rewrite([*sealed.bodies[:99], respelt, *sealed.bodies[100:]])
        assert first(found := await attack.found()) == 100, told(found)
