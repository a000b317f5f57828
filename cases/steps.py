"""Steps: what people do to a case, one after the other. Nothing is overwritten; a case stands where
its steps have led it (``cases.standing``), and every step is an evidence entry."""

from typing import Literal

from msgspec import Struct

State = Literal["new", "in-review", "asked", "confirmed", "dismissed", "archived", "merged"]

OPEN: frozenset[State] = frozenset({"new", "in-review", "asked"})
CLOSED: frozenset[State] = frozenset({"confirmed", "dismissed", "archived", "merged"})

DismissalReason = Literal[
    "permitted-sale",
    "natural-movement",
    "returned-goods",
    "wrong-master-data",
    "wrong-location",
    "test-or-showcase",
    "not-provable",
    "other",
]
"""Why a case was none. The list is fixed so that reasons can be counted; ``other`` needs words."""


class Assign(Struct, frozen=True, tag="assign", tag_field="step"):
    """Somebody takes the case, or is given it; ``assignee`` None hands it back."""

    assignee: str | None = None


class Comment(Struct, frozen=True, tag="comment", tag_field="step"):
    """A remark for colleagues; never shown to a dealer."""

    text: str


class Ask(Struct, frozen=True, tag="ask", tag_field="step"):
    """A question to the dealer held responsible, with an answer due. ``told`` names what else of
    the case the dealer may see, out of ``DEALER_MAY_SEE``."""

    dealer_id: str
    text: str
    due_us: int
    told: tuple[str, ...] = ()


class Attachment(Struct, frozen=True):
    """A file by its hash; the bytes are kept outside of the log."""

    sha256: str
    name: str
    media_type: str
    size: int


class Answer(Struct, frozen=True, tag="answer", tag_field="step"):
    """What the dealer says to the question that was step number ``question``."""

    question: int
    text: str
    attachments: tuple[Attachment, ...] = ()


class Attach(Struct, frozen=True, tag="attach", tag_field="step"):
    """Files that an officer adds: a test purchase's receipt, a statement, photos."""

    text: str
    attachments: tuple[Attachment, ...]


class Confirm(Struct, frozen=True, tag="confirm", tag_field="step"):
    """Decided: the dealer answers for it."""

    text: str


class Dismiss(Struct, frozen=True, tag="dismiss", tag_field="step"):
    """Decided: it was none, for a reason of the list."""

    reason: DismissalReason
    text: str = ""


class Reopen(Struct, frozen=True, tag="reopen", tag_field="step"):
    """What was closed is looked at again."""

    text: str


class Archive(Struct, frozen=True, tag="archive", tag_field="step"):
    """Put away until it grows beyond ``alerts`` alerts, how many it has now."""

    alerts: int
    text: str = ""


class Grow(Struct, frozen=True, tag="grow", tag_field="step"):
    """An archived case has more alerts than when it was put away: it is open again."""

    alerts: int


class Silence(Struct, frozen=True, tag="silence", tag_field="step"):
    """Nobody is reminded of the case before then; it ends by itself."""

    until_us: int
    text: str = ""


class Remind(Struct, frozen=True, tag="remind", tag_field="step"):
    """A deadline has passed: of the first look, the decision or a dealer's answer; or a silence is
    over. Each is told of once."""

    what: Literal["look", "decision", "answer", "silence"]
    due_us: int


class Merge(Struct, frozen=True, tag="merge", tag_field="step"):
    """This case goes on as a part of another."""

    into: str


class Absorb(Struct, frozen=True, tag="absorb", tag_field="step"):
    """The other side of a merge: this case has taken another in."""

    case_id: str


class Split(Struct, frozen=True, tag="split", tag_field="step"):
    """Some alerts are another matter and go on as a case of their own."""

    alert_ids: tuple[str, ...]
    to: str


class Begin(Struct, frozen=True, tag="begin", tag_field="step"):
    """The other side of a split: this case was made of another one's alerts."""

    alert_ids: tuple[str, ...]
    case_id: str


Step = (
    Assign | Comment | Ask | Answer | Attach | Confirm | Dismiss | Reopen | Archive | Grow | Silence
    | Remind | Merge | Absorb | Split | Begin
)  # fmt: skip

DEALER_MAY_SEE: tuple[str, ...] = ("kind", "gtins", "territory", "opened_at", "items", "period")
"""What a question may tell a dealer. Never: who scanned or reported, exact places, other dealers,
how the finding was made, and how sure we are."""


class Taken(Struct, frozen=True):
    """A step as it was taken: the how-many-th of its case, when, and by whom (``system`` by time or
    growth)."""

    number: int
    at_us: int
    actor: str
    step: Step
