"""An item that should no longer be about: decommissioned, destroyed, recalled or stolen."""

from collections.abc import Sequence

from rules.item import OURS, Concern, ItemContext, ItemScan, item_subject
from rules.model import Finding

WORDS_ZH = {
    "destroyed": "已销毁",
    "disposed": "已处置",
    "inactive": "已注销",
    "stolen": "已报失窃",
    "recalled": "已召回",
    "expired": "已过期",
}
"""By CBV disposition."""


class ItemInactive:
    """Fires on a scan after the item's disposition became one that ends its life."""

    id = "item-inactive"
    concerns: Concern = "odd"
    initial = None

    def step(
        self, state: None, event: ItemScan, *, context: ItemContext
    ) -> tuple[None, Sequence[Finding]]:
        """Reads custody as it stood when the code was read."""
        disposition = context.custody.disposition or ""
        scan = event.event
        if disposition not in WORDS_ZH or scan.signature not in OURS:
            return None, ()
        because = context.custody.disposition_by
        finding = Finding(
            rule=self.id,
            subject=item_subject(scan),
            occurred_us=event.at_us,
            strength=getattr(context.policy.strengths, f"item_{disposition}"),
            inputs=(event.identity,) if because is None else (event.identity, because),
            facts={"disposition": disposition, "reader": scan.reader, "gtin": scan.gtin},
            values={"disposition": disposition, "disposition_zh": WORDS_ZH[disposition]},
        )
        return None, (finding,)
