"""Rotation of a log's key: the old key names the new one, and both sign.

Who trusts the old key follows to the new one without asking anybody. The note is no checkpoint: its
second line is the origin, where a checkpoint has a number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidence.entry import Entry
from evidence.errors import NoteError
from evidence.note import Note, SigningKey, VerifierKey

HEADER = "tracewarden-key-hand-over/1"
KIND = "key-rotation"


def entry_id(number: int) -> str:
    """The id of the entry that logs the ``number``-th hand-over, from 1."""
    return f"log-key-{number}"


@dataclass(frozen=True, slots=True)
class HandOver:
    """The ``number``-th change of a log's key, from 1; both keys bear the log's origin as name."""

    number: int
    old: VerifierKey
    new: VerifierKey

    def text(self) -> str:
        """The text that both keys sign."""
        lines = (HEADER, self.old.name, str(self.number), str(self.old), str(self.new))
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, note: str) -> "HandOver":
        """A hand-over from its note, both signatures checked; whether to trust the old key is the
        reader's matter.

        Raises:
            NoteError: malformed, or one of the two has not signed.
        """
        signed = Note.parse(note)
        lines = signed.text.split("\n")
        if len(lines) != 6 or lines[0] != HEADER or not lines[2].isdecimal():
            raise NoteError("no hand-over of version 1", type="hand-over-invalid")
        found = cls(int(lines[2]), VerifierKey.parse(lines[3]), VerifierKey.parse(lines[4]))
        if found.text() != signed.text or found.new.name != found.old.name:
            raise NoteError("no hand-over of one log's key", type="hand-over-invalid")
        if len(signed.verified_by([found.old, found.new])) != 2:
            raise NoteError("one of the two keys has not signed", type="hand-over-invalid")
        return found


def hand_over(number: int, old: SigningKey, new: SigningKey) -> Note:
    """The note by which ``old`` hands the log over to ``new``."""
    text = HandOver(number, old.verifier, new.verifier).text()
    return Note(text, (old.sign(text), new.sign(text)))


def hand_over_entry(number: int, note: Note, at: str) -> Entry:
    """The entry that logs it."""
    body = {"kind": KIND, "of": "log", "at": at, "number": number, "hand_over": str(note)}
    return Entry(entry_id(number), body)


def follow(trusted: Sequence[VerifierKey], notes: Iterable[str]) -> list[VerifierKey]:
    """The trusted keys, and those that they handed a log over to, in order.

    Raises:
        NoteError: one of the notes is no hand-over.
    """
    found = list(trusted)
    for note in notes:
        step = HandOver.parse(note)
        if step.old in found and step.new not in found:
            found.append(step.new)
    return found
