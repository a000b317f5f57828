"""A key lies on the partition where every other Kafka client puts it."""

from random import Random

import pytest
from aiokafka.partitioner import murmur2 as others
from hypothesis import given
from hypothesis import strategies as st

from stream_processors.bus.murmur import murmur2, murmur2_columns, partitions_of


@given(st.binary(max_size=200))
def test_the_hash_is_that_of_another_client(key: bytes) -> None:
    assert murmur2(key) == others(key) & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("key", "signed"),
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536)],
)
def test_the_hash_is_that_of_kafkas_own_tests(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed & 0xFFFFFFFF


@given(st.integers(0, 40), st.integers(1, 40), st.randoms(use_true_random=False))
def test_the_hashes_of_many_keys_are_those_of_each(length: int, count: int, random: Random) -> None:
    keys = [random.randbytes(length) for _ in range(count)]
    keys += [random.randbytes(random.randrange(90)) for _ in range(3)]
    assert murmur2_columns(keys) == [murmur2(key) for key in keys]


def test_many_empty_keys_are_keys_too() -> None:
    assert partitions_of([b""] * 40, 8) == [partitions_of([b""], 8)[0]] * 40


@given(st.lists(st.binary(max_size=60)), st.integers(1, 64))
def test_every_key_has_a_partition(keys: list[bytes], partitions: int) -> None:
    found = partitions_of(keys, partitions)
    assert len(found) == len(keys)
    assert all(0 <= partition < partitions for partition in found)
