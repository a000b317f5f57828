"""A code for a product that the brand does not have, or a serial that no issuing job covers."""

from collections.abc import Sequence

from rules.item import Concern, ItemContext, ItemScan, coarse_place, item_subject
from rules.model import Finding


class CodeUnknown:
    """Fires where the GTIN is no product's, or ``issued`` is false."""

    id = "code-unknown"
    concerns: Concern = "odd"
    initial = None

    def step(
        self, state: None, event: ItemScan, *, context: ItemContext
    ) -> tuple[None, Sequence[Finding]]:
        """The product must have been known when the scan was received."""
        scan = event.event
        if scan.gtin is None:
            return None, ()
        is_product = context.registry.product(scan.gtin, context.known_us) is not None
        if is_product and scan.issued is not False:
            return None, ()
        levels = context.policy.strengths
        finding = Finding(
            rule=self.id,
            subject=item_subject(scan),
            occurred_us=event.at_us,
            strength=levels.code_unknown_serial if is_product else levels.code_unknown_product,
            inputs=(event.identity,),
            facts={
                "gtin": scan.gtin,
                "product_known": is_product,
                "issued": scan.issued,
                "signature": scan.signature,
                **coarse_place(scan.location),
            },
            values={
                "what_en": "no issuing job covers its serial" if is_product
                else f"GTIN {scan.gtin} is none of the brand's products",
                "what_zh": "没有任何赋码任务包含该序列号" if is_product
                else f"GTIN {scan.gtin} 不是本品牌的产品",
            },
        )
        return None, (finding,)
