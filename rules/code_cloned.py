"""One item read in more places, far from each other, than an item and its people get to."""

from collections.abc import Sequence

from events.identity import Identity
from rules.item import OURS, Concern, ItemContext, ItemScan, item_subject
from rules.model import Finding
from rules.places_seen import LonLat, is_near, rough_m

DAY_US = 86_400_000_000
MOST = 8
Seen = tuple[tuple[float, float, int, Identity], ...]


class CodeCloned:
    """Fires on a consumer's read that makes ``cloned_places`` places within ``cloned_days``. The
    trade's own reads don't count, since goods travel; nor do IP addresses, which lie at gateways.
    """

    id = "code-cloned"
    concerns: Concern = "placed"
    initial: Seen = ()

    def step(
        self, state: Seen, event: ItemScan, *, context: ItemContext
    ) -> tuple[Seen, Sequence[Finding]]:
        """The state is the first read at each place, the oldest first."""
        scan, at = event.event, event.event.location
        if at is None or at.source == "ip" or scan.reader != "consumer":
            return state, ()
        if scan.signature not in OURS or len(state) >= MOST:
            return state, ()
        policy = context.policy
        window_us = policy.cloned_days * DAY_US
        recent = tuple([seen for seen in state if event.at_us - seen[2] <= window_us])
        for seen in recent:
            if is_near((at.lon, at.lat), seen[:2], policy.places_apart_m):
                return recent, ()
        now = (*recent, (at.lon, at.lat, event.at_us, event.identity))
        if len(now) < policy.cloned_places:
            return now, ()
        return now, (self._finding(now, event, context),)

    def _finding(self, now: Seen, event: ItemScan, context: ItemContext) -> Finding:
        here: LonLat = now[-1][:2]
        farthest_m = max(rough_m(here, seen[:2]) for seen in now)
        return Finding(
            rule=self.id,
            subject=item_subject(event.event),
            occurred_us=event.at_us,
            strength=context.policy.strengths.code_cloned,
            inputs=tuple(seen[3] for seen in now),
            facts={
                "places": len(now),
                "farthest_m": farthest_m,
                "days": (now[-1][2] - now[0][2]) / DAY_US,
                "gtin": event.event.gtin,
                "origin": context.origin,
            },
            values={"places": str(len(now)), "km": f"{farthest_m / 1000:.0f}"},
        )
