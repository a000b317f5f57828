"""A key lies on the partition where every other Kafka client puts it."""

import pytest
from aiokafka.partitioner import murmur2 as others
from hypothesis import given
from hypothesis import strategies as st

from stream_processors.bus.murmur import murmur2, partition_of


@given(st.binary(max_size=200))
def test_the_hash_is_that_of_another_client(key: bytes) -> None:
    assert murmur2(key) == others(key) & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("key", "signed"),
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536)],
)
def test_the_hash_is_that_of_kafkas_own_tests(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed & 0xFFFFFFFF


@given(st.binary(max_size=60), st.integers(1, 64))
def test_every_key_has_a_partition(key: bytes, partitions: int) -> None:
    assert 0 <= partition_of(key, partitions) < partitions
