"""Why somebody answers for the goods: the item events that the findings rest on."""

from collections.abc import Mapping
from itertools import starmap

from api.bundle.timeline import Moment
from api.bundle.told import Told, shown_time
from api.console.cases.custody_chain import party_name
from api.console.lines import short_subject
from api.wording import Wording
from custody.step import Role, Step, read_step
from events.errors import TracewardenError
from events.model import ItemEvent
from events.wire import decode_event
from evidence.report import Section, Table

MOST_NAMED = 3


def hands_section(told: Told, w: Wording) -> Section | None:
    """The packings, receipts and sales, with their numbers in the timeline; none where none is
    opened."""
    numbered = [
        (number, one)
        for number, one in enumerate(told.moments, 1)
        if one.event is not None and one.event["kind"] == "item_event"
    ]
    if not numbered:
        return None
    rows = list(starmap(_Rows(told, w).row, numbered))
    head = (w("number"), w("when"), w("what"), w("goods"), w("party"))
    return Section(w("hands"), [w("hands_about")], table=Table(head, rows))


class _Rows:
    def __init__(self, told: Told, w: Wording) -> None:
        self._told, self._w = told, w
        self._parties = Wording("api.console.cases", w.language)

    def row(self, number: int, moment: Moment) -> tuple[str, ...]:
        goods, party = "", ""
        found = _step(moment)
        if found is not None:
            step, roles = found
            goods, party = self._goods(step, roles), self._party(step)
        return (str(number), shown_time(moment.at), moment.words(self._w), goods, party)

    def _goods(self, step: Step, roles: Mapping[str, Role]) -> str:
        """What the event names: things, and for a packing the container that they went into."""
        things = [epc for epc in roles if epc != step.parent]
        named = ", ".join(short_subject("item", epc) for epc in things[:MOST_NAMED])
        if len(things) > MOST_NAMED:
            named = self._w("goods_more", named=named, number=len(things) - MOST_NAMED)
        if step.parent is None:
            return named
        parent = short_subject("item", step.parent)
        return self._w("goods_in", named=named, parent=parent) if things else parent

    def _party(self, step: Step) -> str:
        """Whose site it was, or to whom the event says that the goods went."""
        registry, known_us = self._told.registry, self._told.known_us
        local = registry.party_at(step.site_gln, step.received_us) if step.site_gln else None
        gln = (local.gln if local else None) or step.to_owner or step.to_holder or step.site_gln
        return party_name(registry, gln, known_us, self._parties) or ""


def _step(moment: Moment) -> tuple[Step, dict[str, Role]] | None:
    try:
        event = decode_event(moment.raw)
        return read_step(event) if isinstance(event, ItemEvent) else None
    except TracewardenError:
        return None
