"""A code that should be on no item: not yet reported printed, or reported spoiled or lost."""

from collections.abc import Sequence

from rules.item import OURS, Concern, ItemContext, ItemScan, item_subject
from rules.model import Finding

_LEVELS = {
    "not-reported": "code_not_reported", "spoiled": "code_spoiled", "lost": "code_lost",
}  # fmt: skip
"""By what was known where the scan entered."""

WORDS = {
    "not-reported": (
        "its printing plant has not reported it printed",
        "印刷厂尚未报告其已印制",
    ),
    "spoiled": ("its printing plant reported it spoiled", "印刷厂曾报告其已报废"),
    "lost": ("its printing plant reported it lost", "印刷厂曾报告其已遗失"),
}


class CodeNotActive:
    """Fires where the scan says that its code was not active when it was read."""

    id = "code-not-active"
    concerns: Concern = "odd"
    initial = None

    def step(
        self, state: None, event: ItemScan, *, context: ItemContext
    ) -> tuple[None, Sequence[Finding]]:
        """Looks at the scan alone: what the plants had reported was judged where it entered."""
        scan = event.event
        if scan.activation is None or scan.signature not in OURS:
            return None, ()
        what_en, what_zh = WORDS[scan.activation]
        finding = Finding(
            rule=self.id,
            subject=item_subject(scan),
            occurred_us=event.at_us,
            strength=getattr(context.policy.strengths, _LEVELS[scan.activation]),
            inputs=(event.identity,),
            facts={"activation": scan.activation, "reader": scan.reader, "gtin": scan.gtin},
            values={"what_en": what_en, "what_zh": what_zh},
        )
        return None, (finding,)
