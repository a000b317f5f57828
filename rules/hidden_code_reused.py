"""A hidden code used again: it proves possession of the opened package, and only one is there."""

from collections.abc import Sequence

from msgspec import Struct

from events.timed import rfc3339
from rules.item import OURS, Concern, ItemContext, ItemScan, item_subject
from rules.model import Finding


class FirstUse(Struct, frozen=True, array_like=True):
    """The first use: by which event, in which session, when in microseconds."""

    identity: str
    session: str | None
    at_us: int


class HiddenCodeReused:
    """Fires where the right hidden code is given in another session than the first."""

    id = "hidden-code-reused"
    concerns: Concern = "odd"
    initial: FirstUse | None = None

    def step(
        self, state: FirstUse | None, event: ItemScan, *, context: ItemContext
    ) -> tuple[FirstUse | None, Sequence[Finding]]:
        """Remembers the first use; a retry of its own session is no second one."""
        scan = event.event
        if scan.hidden_code is None or scan.signature not in OURS:
            return state, ()
        if state is None:
            return FirstUse(event.identity, scan.session, event.at_us), ()
        if scan.session is not None and scan.session == state.session:
            return state, ()
        first = rfc3339(state.at_us)
        finding = Finding(
            rule=self.id,
            subject=item_subject(scan),
            occurred_us=event.at_us,
            strength=context.policy.strengths.hidden_code_reused,
            inputs=(state.identity, event.identity),
            facts={"first_used_at": first, "gtin": scan.gtin},
            values={"first": first[:10]},
        )
        return state, (finding,)
