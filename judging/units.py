"""Units of judgement: one event of one subject, and the signals that hold of it."""

from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from msgspec import Struct

from cases.judgement import Trade
from events.identity import Identity
from events.timed import Timed
from judging import shipment
from judging.columns import answer
from judging.courses import Courses
from judging.history import History
from judging.item import ItemState, judge_item
from judging.revisions import Order
from judging.settle import settle
from judging.shipment import ShipmentFold, ShipmentState
from judging.trails import rows_of
from judging.windows import Draft, Judged, Known, judge
from registry import Registry
from rules.model import Movement, Said, Sighting
from rules.signal import Signal, signal_of


class Unit(Struct, frozen=True, gc=False):
    """What holds of one event of a subject."""

    subject: str
    at_us: int
    identity: Identity
    signals: tuple[Signal, ...]
    known: tuple[Known, ...] = ()
    """When each signal was known."""
    sighting: tuple[Known, Sighting] | None = None
    """Where the item was seen, as known last."""

    trade: tuple[Known, Trade] | None = None
    """An order or offer, which gathering judges."""

    moved: tuple[Known, Movement] | None = None
    """Goods that moved, as known last."""

    @property
    def order(self) -> Order:
        """The event's place in the order of judging."""
        return (self.at_us, self.identity)

    @property
    def says_anything(self) -> bool:
        """Whether it has to be told."""
        return (
            self.sighting is not None
            or bool(self.signals)
            or self.trade is not None
            or self.moved is not None
        )


def item_key(item: str) -> str:
    """The key of an item among all subjects."""
    return f"item:{item}"


def trade_key(identity: Identity) -> str:
    """The key of an order or offer among all subjects: each stands for itself."""
    return f"trade:{identity}"


def trade_unit(event: Timed[Trade]) -> Unit:
    """An order or offer as a unit; it is known when it arrives."""
    known = Known(event.received_us, event.identity)
    key = trade_key(event.identity)
    return Unit(key, event.at_us, event.identity, (), trade=(known, event.event))


def shipment_key(shipment_id: str) -> str:
    """The key of a shipment among all subjects."""
    return f"shipment:{shipment_id}"


def judge_items(
    items: Collection[str], history: History, registry: Registry
) -> dict[str, Judged[ItemState]]:
    """Every scan of each item, judged from all that is stored. Key: the item."""
    scans = history.scans_of(items)
    courses = Courses(registry).of(items, rows_of(items, history))
    return {key: judge_item(courses[key], scans.get(key, []), registry) for key in items}


def judge_shipment(
    shipment_id: str, history: History, registry: Registry
) -> Judged[ShipmentState]:
    """Every fix and unit event of a shipment, judged from all that is stored."""
    return judge(
        ShipmentFold(shipment_id, registry),
        shipment.moments(shipment_id, registry, history),
        registry.lateness_us,
    )


def units_of(drafts: Iterable[tuple[str, Draft]], registry: Registry) -> list[Unit]:
    """The units, in order, out of (subject key, draft) of which anything is said: places answered
    in columns, late news settled."""
    listed = [(subject, draft) for subject, draft in drafts if _is_asked(draft)]
    batches = [variant.outcomes for _, draft in listed for variant in draft.variants]
    said = iter(answer(batches, registry))
    units = []
    for subject, draft in listed:
        stages = list(islice(said, len(draft.variants)))
        if any(stages):  # mostly every place is inside
            unit = _seen(subject, draft, stages) or _unit(subject, draft, stages, registry)
            if unit.says_anything:
                units.append(unit)
    return units


def _is_asked(draft: Draft) -> bool:
    first, *later = draft.variants
    return bool(first.outcomes) or any(variant.outcomes for variant in later)


def _seen(subject: str, draft: Draft, said: Sequence[Sequence[Said]]) -> Unit | None:
    """The unit where an item was seen, of which there is nothing else to say: most are that."""
    if len(said) > 1 or len(said[0]) > 1 or type(said[0][0]) is not Sighting:
        return None
    moment, seen = draft.moment, (draft.variants[0].known, said[0][0])
    return Unit(subject, moment.at_us, moment.identity, (), (), seen)


def _unit(
    subject: str, draft: Draft, said: Sequence[Sequence[Said]], registry: Registry
) -> Unit:
    policy_hash = registry.policy_hash(draft.moment.received_us)
    stages: list[tuple[Identity | None, list[Signal]]] = []
    known: dict[str, Known] = {}
    sighting: tuple[Known, Sighting] | None = None
    moved: tuple[Known, Movement] | None = None
    for variant, findings in zip(draft.variants, said, strict=True):
        signals = []
        for found in findings:
            # Late news that changes nothing of it does not make it known later.
            if isinstance(found, Sighting):
                if sighting is None or sighting[1] != found:
                    sighting = (variant.known, found)
            elif isinstance(found, Movement):
                if moved is None or moved[1] != found:
                    moved = (max(variant.known, Known(found.told_us, found.told_by)), found)
            else:
                signals.append(signal_of(found, policy_hash))
        stages.append((variant.cause, signals))
        for signal in signals:
            known.setdefault(signal.signal_id, variant.known)
    settled = settle(stages)
    last = draft.variants[-1].known
    times = tuple(known.get(signal.signal_id, last) for signal in settled)
    moment = draft.moment
    told = (tuple(settled), times, sighting, None, moved)
    return Unit(subject, moment.at_us, moment.identity, *told)
