"""Orders that dealers place and prices that are seen, ordinary ones and some that are not."""

from decimal import Decimal

from registry.model import Product
from simulator import calendar
from simulator.calendar import DAY, SECOND
from simulator.chance import Chance
from simulator.delivery import Delivery
from simulator.lots import Lot
from simulator.market import Market
from simulator.scans import Account

DUMPED_OFFERS = 6
EXCESS = 14
"""An abnormal order is so many times the usual one."""
USUAL_ORDERS = 3
"""Before so many orders of its own for a product nobody knows what is usual for a dealer."""


class Trading:
    """Sends orders and offers."""

    def __init__(self, market: Market, delivery: Delivery, chance: Chance) -> None:
        self._market, self._delivery, self._chance = market, delivery, chance

    def order(self, lot: Lot, factor: int = 1, account: Account | None = None) -> None:
        """The order that a lot answers."""
        at_ms = lot.begins_ms - int(self._chance.between(0.2, 4) * DAY)
        number = self._chance.hexadecimal(8)
        received_ms = at_ms + self._chance.integer(1, 90) * SECOND
        body = {
            "order_id": f"PO-{number}",
            "dealer_id": lot.party.dealer.dealer_id,
            "gtin": lot.product.gtin,
            "quantity": sum(lot.cases) * factor,
            "ordered_at": calendar.utc(at_ms // SECOND * SECOND),
            "ship_to_gln": lot.party.warehouse(at_ms).gln,
        }
        if self._delivery.put("order", f"ord-{number}", received_ms, body) and account:
            account.add(f"ord-{number}", received_ms)

    def offers(self, count: int, span: tuple[int, int]) -> None:
        """Prices at or above the floor, at shops and by dealers."""
        for _ in range(count):
            product = self._chance.one_of(self._market.products)
            seller = f"shop-{self._chance.integer(100, 180)}"
            at_ms = int(self._chance.between(*span))
            self._offer(product, seller, at_ms, self._chance.between(1.02, 1.6))

    def dump(self, product: Product, dealer_id: str, at_ms: int, account: Account) -> None:
        """A dealer's shop sells below the floor for some days."""
        for day in range(DUMPED_OFFERS):
            self._offer(
                product,
                f"shop-of-{dealer_id.lower()}",
                at_ms + day * DAY,
                self._chance.between(0.6, 0.85),
                dealer_id,
                account,
            )

    def _offer(
        self,
        product: Product,
        seller: str,
        at_ms: int,
        factor: float,
        dealer_id: str | None = None,
        account: Account | None = None,
    ) -> None:
        floor = product.floor_price
        if floor is None:
            return
        amount = (Decimal(floor.amount) * Decimal(repr(factor))).quantize(Decimal("0.01"))
        body = {"seen_at": calendar.utc(at_ms), "gtin": product.gtin, "seller": seller}
        if dealer_id:
            body["dealer_id"] = dealer_id
        body |= {"amount": str(amount), "currency": floor.currency}
        event_id, received_ms = f"off-{self._chance.hexadecimal(8)}", at_ms + 5 * SECOND
        if self._delivery.put("offer", event_id, received_ms, body) and account:
            account.add(event_id, received_ms)
