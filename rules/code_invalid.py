"""A code whose signature does not hold was not issued by the brand as it is read."""

from collections.abc import Sequence

from rules.item import Concern, ItemContext, ItemScan, coarse_place, item_subject
from rules.model import Finding

STRENGTH = {"invalid": 0.95, "unknown-key": 0.85}


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
        strength = STRENGTH.get(scan.signature)
        if strength is None:
            return None, ()
        finding = Finding(
            rule=self.id,
            subject=item_subject(scan),
            occurred_us=event.at_us,
            strength=strength,
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
