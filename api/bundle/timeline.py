"""The timeline of a bundle: stored events and steps of the case, in order of their time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from api.bundle.subject import Subject
from api.wording import Wording
from evidence.bundle import EVENTS
from store.evidence_sources import Source
from store.instants import from_us

_TIMES = ("scanned_at", "fixed_at", "ordered_at", "seen_at")


class Moment(NamedTuple):
    """What happened when: RFC 3339 in UTC, what the timeline says, and where it is proven.

    ``event`` is the stored event and ``raw`` its bytes; none for a step of the case.
    """

    at: str
    received: str
    path: str
    key: str
    values: dict[str, str]
    event: dict[str, Any] | None
    raw: bytes = b""

    def words(self, w: Wording) -> str:
        """In words."""
        values = {
            name: w(f"{name}_{value}") if w.has(f"{name}_{value}") else value
            for name, value in self.values.items()
        }
        return w(self.key, **values)


def moments_of(subject: Subject, shown: Sequence[Source]) -> list[Moment]:
    """Everything that has a time, the earliest first."""
    found = [_of_event(subject.event(source), source) for source in shown]
    found += [
        Moment(
            from_us(step.taken.at_us).isoformat(),
            "",
            f"entries/{step.evidence_seq}.json",
            "step",
            {"step": str(step.taken.step.__struct_config__.tag), "actor": step.taken.actor},
            None,
        )
        for step in subject.steps
    ]
    return sorted(found, key=lambda moment: (moment.at, moment.path))


def _of_event(event: dict[str, Any], source: Source) -> Moment:
    kind = str(event["kind"])
    content = event["event"] if kind == "item_event" else event
    named = (content.get(name) for name in (*_TIMES, "eventTime"))
    at = next((str(time) for time in named if time), str(event["received_at"]))
    values = {
        "scan": {"reader": str(event.get("reader")), "signature": str(event.get("signature"))},
        "item_event": {"step": str(content.get("bizStep") or content.get("type"))},
        "position": {"tracker": str(event.get("tracker_id"))},
    }.get(kind)
    key, values = (f"e_{kind}", values) if values else ("e_other", {"kind": kind})
    path = f"{EVENTS}{source.opening.commitment[:12]}….json"
    return Moment(_utc(at), _utc(str(event["received_at"])), path, key, values, event, source.raw)


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()
