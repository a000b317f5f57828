"""Evidence entries of signals: what judged it in the open, what it says by salted commitment."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from events.timed import rfc3339
from evidence.commitments import Opening
from evidence.entry import Entry
from evidence.long_lists import commit_long_lists
from rules.signal import Signal, as_json
from store.evidence_openings import keep
from store.evidence_records import committed
from store.evidence_sources import commit_to, in_entry
from store.registry_versions import versions_at
from stream_processors.messages import JudgementMessage

KIND = "signal"


class Said(NamedTuple):
    """A signal on its way into the log, and the judgement that said it or took it back."""

    signal: Signal
    message: JudgementMessage


class SignalEntries:
    """Makes the entries of signals. ``clock`` gives microseconds since the epoch."""

    def __init__(self, clock: Callable[[], int], entropy: Callable[[int], bytes]) -> None:
        self._clock = clock
        self._entropy = entropy
        self._versions: dict[int, dict[str, Any]] = {}

    def of(self, connection: Connection, said: Sequence[Said]) -> list[Entry]:
        """An entry for each, in order; openings and salts are kept in the same transaction."""
        if not said:
            return []
        inputs = {identity for one in said for identity in one.signal.inputs}
        known = commit_to(connection, inputs, self._entropy)
        openings = committed(connection, [as_json(one.signal) for one in said], self._entropy)
        at = rfc3339(self._clock())
        return [
            Entry(
                None,
                self._body(connection, one, opening, at) | in_entry(one.signal.inputs, known),
            )
            for one, opening in zip(said, openings, strict=True)
        ]

    def _shown(self, connection: Connection, signal: Signal) -> dict[str, Any]:
        """What stands in the open; of more ids than fit, the commitment to their list."""
        shown, openings = commit_long_lists(_in_the_open(signal), self._entropy)
        keep(connection, openings)
        return shown

    def _body(
        self, connection: Connection, said: Said, opening: Opening, at: str
    ) -> dict[str, Any]:
        message = said.message
        body: dict[str, Any] = {
            "kind": KIND,
            "recorded_at": at,
            "revision": message.revision,
            "policy_hash": said.signal.policy_hash,
            "signal": self._shown(connection, said.signal),
            "content": opening.in_entry(),
        }
        if message.registry_revision is not None:
            body["registry"] = self._registry(connection, message.registry_revision)
        return body

    def _registry(self, connection: Connection, revision: int) -> dict[str, Any]:
        """Read once a revision: rows are only ever added, under a later one."""
        if revision not in self._versions:
            self._versions = {revision: versions_at(connection, revision)}
        return self._versions[revision]


def _in_the_open(signal: Signal) -> dict[str, Any]:
    """What tells nothing of a person or a dealer: which rule said something, and of which signals
    it takes back. Subject, time, place, reason and facts are in the commitment."""
    form: dict[str, Any] = {
        "signal_id": signal.signal_id, "rule": signal.rule, "rule_version": signal.rule_version,
    }  # fmt: skip
    for name, ids in (("withdraws", signal.withdraws), ("corrects", signal.corrects)):
        if ids:
            form[name] = list(ids)
    return form
