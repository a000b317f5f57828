"""The topics: their names, what lies on them, and which must have equal numbers of partitions."""

SCANS = "scans"
ITEM_EVENTS = "item-events"
POSITIONS = "positions"
ORDERS = "orders"
OFFERS = "offers"
TICKS = "ticks"
SIGNALS = "signals"
DEAD_LETTERS = "dead-letters"

INPUTS = (SCANS, ITEM_EVENTS, POSITIONS, ORDERS, OFFERS, TICKS)
"""What workers read. Equal numbers of partitions: Faust copartitions only such topics."""
ALL = (*INPUTS, SIGNALS, DEAD_LETTERS)

TOPIC_OF_KIND = {
    "scan": SCANS,
    "item_event": ITEM_EVENTS,
    "position": POSITIONS,
    "order": ORDERS,
    "offer": OFFERS,
    "tick": TICKS,
}
