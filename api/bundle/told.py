"""What the report of a bundle speaks of, gathered once for both languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from api.bundle.subject import Subject
from api.bundle.timeline import Moment
from api.services import Records
from evidence.note import VerifierKey
from registry.book import Registry
from store.evidence_anchors import LoggedAnchor
from store.evidence_sources import Source
from store.instants import from_us, to_us


@dataclass(frozen=True, slots=True)
class Told:
    """``shown`` are the events that are opened, ``moments`` these and the case's steps in order of
    their time, ``anchors`` what outsiders signed; ``files`` are names of attachments, ``at`` is
    when it is taken out, RFC 3339, and ``key`` the log's own."""

    records: Records
    subject: Subject
    entries: Mapping[int, bytes]
    shown: Sequence[Source]
    moments: Sequence[Moment]
    anchors: Sequence[LoggedAnchor]
    files: Sequence[str]
    officer: str
    purpose: str
    at: str
    key: VerifierKey

    @property
    def registry(self) -> Registry:
        """As known when it is taken out."""
        return self.records.registry()

    @property
    def known_us(self) -> int:
        """When it is taken out."""
        return to_us(datetime.fromisoformat(self.at))


def shown_time(text: str) -> str:
    """RFC 3339 for people: seconds, and which clock."""
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S %Z").replace("UTC+00:00", "UTC")


def shown_seconds(at_s: int) -> str:
    """POSIX seconds in the same form."""
    return shown_time(from_us(at_s * 1_000_000).isoformat())
