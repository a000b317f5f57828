"""A code whose signature does not hold was not issued by the brand as it is read."""

from collections.abc import Sequence

from rules.item import Concern, ItemContext, ItemScan, coarse_place, item_subject
from rules.model import Finding

_LEVELS = {"invalid": "code_invalid", "unknown-key": "code_unknown_key"}


class CodeInvalid:
    """Fires on a scan whose signature is ``invalid`` or by an ``unknown-key``."""

    id = "code-invalid"
    concerns: Concern = "odd"
    initial = None

    def step(
        self, state: None, event: ItemScan, *, context: ItemContext
    ) -> tuple[None, Sequence[Finding]]:
        """One scan is enough; no other event matters."""
        scan = event.event
        level = _LEVELS.get(scan.signature)
        if level is None:
            return None, ()
        finding = Finding(
            rule=self.id,
            subject=item_subject(scan),
            occurred_us=event.at_us,
            strength=getattr(context.policy.strengths, level),
            inputs=(event.identity,),
            facts={
                "signature": scan.signature,
                "reader": scan.reader,
                "gtin": scan.gtin,
                **coarse_place(scan.location),
            },
            values={"signature": scan.signature},
        )
        return None, (finding,)
