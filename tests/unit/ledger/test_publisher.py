"""A message's partition is the one that every other Kafka client would choose."""

from aiokafka.partitioner import murmur2 as theirs
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.publisher import murmur2


@given(st.binary(max_size=64))
def test_the_hash_of_a_key_is_the_one_that_kafkas_clients_compute(key: bytes) -> None:
    assert murmur2(key) == theirs(key) & 0xFFFFFFFF
