"""What a witness signs: a log that only grows; and what it answers to everything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.checkpoint import Checkpoint
from evidence.note import Note, SigningKey, sign
from evidence.tree import Frontier, consistency_proof, leaf_hash, root_of
from evidence.witness import AddCheckpoint, WitnessRefusalError, decide

KEY = SigningKey.from_seed("example.com/log", bytes(32))
STRANGER = SigningKey.from_seed("example.com/log", b"\1" * 32)
LOGS = {"example.com/log": [KEY.verifier]}
LEAVES = [leaf_hash(b"%d" % number) for number in range(40)]


def node(height: int, index: int) -> bytes:
    return root_of(LEAVES[index << height : (index + 1) << height])


def note_of(size: int, *, key: SigningKey = KEY, fork: bytes = b"") -> Note:
    frontier = Frontier()
    for leaf in LEAVES[: size - 1] if fork else LEAVES[:size]:
        frontier.append(leaf)
    if fork:
        frontier.append(leaf_hash(fork))
    return sign(Checkpoint(key.name, size, frontier.root()).text(), [key])


def asked(old: int, new: int, **how: object) -> AddCheckpoint:
    proof = tuple(consistency_proof(old, new, node)) if old <= new else ()
    return AddCheckpoint(old, proof, note_of(new, **how))  # type: ignore[arg-type]


def status(request: AddCheckpoint, last: Note | None) -> int:
    with pytest.raises(WitnessRefusalError) as refused:
        decide(request, LOGS, last)
    return refused.value.status


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_log_that_grows_is_signed_and_one_that_shrinks_is_not(old: int, new: int) -> None:
    last = note_of(old) if old else None
    if old <= new:
        assert decide(asked(old, new), LOGS, last).size == new
    else:
        assert status(asked(old, new), last) == 400
        assert status(asked(new, new), last) == 409


def test_the_answer_to_another_old_size_is_the_size_that_was_signed() -> None:
    with pytest.raises(WitnessRefusalError) as refused:
        decide(asked(3, 20), LOGS, note_of(8))
    assert (refused.value.status, refused.value.size) == (409, 8)


def test_another_root_of_the_same_size_is_a_conflict_and_a_forked_log_is_not_consistent() -> None:
    assert status(asked(8, 8, fork=b"x"), note_of(8)) == 409
    assert status(asked(8, 20, fork=b"x"), note_of(8)) == 422
    forked = AddCheckpoint(8, asked(8, 20).proof[1:], note_of(20))
    assert status(forked, note_of(8)) == 422
    assert status(AddCheckpoint(0, (bytes(32),), note_of(8)), None) == 422


def test_unknown_logs_and_keys_are_told_apart() -> None:
    other = SigningKey.from_seed("example.com/other", bytes(32))
    assert status(asked(0, 8, key=other), None) == 404
    assert status(asked(0, 8, key=STRANGER), None) == 403
    bent = Note(note_of(9).text, note_of(8).signatures)
    assert status(AddCheckpoint(0, (), bent), None) == 403


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_request_is_read_as_it_was_written(old: int, new: int) -> None:
    request = asked(old, new)
    assert AddCheckpoint.parse(str(request).encode()) == request


@given(st.binary(max_size=300) | st.text(alphabet="old 0123\n—=ab", max_size=80).map(str.encode))
def test_whatever_else_comes_is_a_bad_request(data: bytes) -> None:
    with pytest.raises(WitnessRefusalError) as refused:
        AddCheckpoint.parse(data)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "bend", [("old 8", "old 08"), ("old 8", "old -1"), ("old 8\n", "old 8"), ("old", "Old"),
             ("\n\n", "\n" + "A" * 43 + "=\n" * 64 + "\n")],
)  # fmt: skip
def test_an_old_size_or_a_proof_in_another_form_is_refused(bend: tuple[str, str]) -> None:
    text = str(asked(8, 20)).replace(bend[0], bend[1], 1)
    with pytest.raises(WitnessRefusalError):
        AddCheckpoint.parse(text.encode())
