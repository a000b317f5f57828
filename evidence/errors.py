"""What can be wrong with an entry, a log, a note or a proof, by name."""

from events.errors import TracewardenError


class EvidenceError(TracewardenError):
    """Base of everything that this room refuses."""

    type = "evidence-invalid"


class EntryError(EvidenceError):
    """An entry that cannot be taken: not canonical JSON, too large, or of the wrong shape.

    ``type`` says which: ``entry-not-json``, ``entry-duplicate-key``, ``entry-number``,
    ``entry-surrogate``, ``entry-too-deep``, ``entry-too-large``, ``entry-not-object``,
    ``entry-id-invalid``.
    """

    type = "entry-invalid"

    def within(self, step: str) -> "EntryError":
        """The same error, seen from the container that holds the wrong value under ``step``."""
        self.field = f"{step}.{self.field}" if self.field else step
        return self


class EntryConflictError(EvidenceError):
    """An id that stands in the log already, with another body."""

    type = "entry-id-reused"


class LogMovedError(EvidenceError):
    """Another writer appended since the head was read, or this writer's epoch is over."""

    type = "log-fenced"


class LogDamagedError(EvidenceError):
    """What is stored does not fit together; ``fsck`` says where."""

    type = "log-damaged"


class LogBehindError(EvidenceError):
    """The log is not the one that was signed: a restored backup, or a rewritten one."""

    type = "log-behind-checkpoint"


class ProofError(EvidenceError):
    """A proof that does not hold, or that cannot exist for these sizes."""

    type = "proof-invalid"


class NoteError(EvidenceError):
    """A signed note, key or checkpoint that is malformed or whose signature does not hold."""

    type = "note-invalid"
