"""Custody: who holds an item and who answers for it, at any moment."""

import json
from typing import Any

import pytest

from custody import custody_of, read_step
from custody.trail import Touch, Trail
from events.errors import EventError
from events.model import ItemEvent
from events.timed import from_microseconds
from events.wire import decode_event

ITEM = "https://id.gs1.org/01/09506000134352/21/A1"
OTHER = "https://id.gs1.org/01/09506000134352/21/A2"
CASE = "https://id.gs1.org/00/395060000010000082"
PALLET = "https://id.gs1.org/00/395060000010000266"
BRAND, A, B = "9506000000015", "9506000100067", "9506000100098"
DAY_US = 86_400_000_000


def event(day: int, **members: Any) -> ItemEvent:
    at = from_microseconds(day * DAY_US).isoformat()
    epcis = {
        "type": "ObjectEvent", "eventTime": at, "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE", **members,
    }
    number = f"e{day}-{members.get('bizStep')}"
    line = {"kind": "item_event", "event_id": number, "received_at": at, "event": epcis}
    decoded = decode_event(json.dumps(line).encode())
    assert isinstance(decoded, ItemEvent)
    return decoded


def packed(day: int, children: list[str], parent: str) -> ItemEvent:
    return event(
        day, type="AggregationEvent", action="ADD", bizStep="packing", parentID=parent,
        childEPCs=children,
    )


def handed(day: int, step: str, epc: str, source: str, to: str, **more: Any) -> ItemEvent:
    def parties(name: str, gln: str) -> list[dict[str, str]]:
        uri = f"https://id.gs1.org/417/{gln}"
        return [{"type": t, name: uri} for t in ("possessing_party", "owning_party")]

    return event(
        day, bizStep=step, epcList=[epc], sourceList=parties("source", source),
        destinationList=parties("destination", to), **more,
    )


def custody(*events: ItemEvent, at: int, epc: str = ITEM) -> Any:
    touches = [Touch(*read_step(one)) for one in events]
    trail = Trail.of(epc, touches)
    return custody_of(trail, party_at=lambda _site, _known: None, until_us=at * DAY_US)


STORY = (
    packed(1, [ITEM, OTHER], CASE),
    packed(2, [CASE], PALLET),
    handed(3, "shipping", PALLET, BRAND, A, disposition="in_transit"),
    handed(5, "receiving", PALLET, BRAND, A),
    event(6, type="AggregationEvent", action="DELETE", bizStep="unpacking", parentID=PALLET),
    event(
        7, type="AggregationEvent", action="DELETE", bizStep="unpacking", parentID=CASE,
        childEPCs=[ITEM],
    ),
    handed(8, "receiving", ITEM, A, BRAND, disposition="returned"),
    handed(9, "shipping", ITEM, BRAND, B),
    handed(10, "receiving", ITEM, BRAND, B),
    event(12, bizStep="retail_selling", epcList=[ITEM]),
)


@pytest.mark.parametrize(
    ("day", "owner", "container"),
    [(2, None, CASE), (4, BRAND, CASE), (5, A, CASE), (6, A, CASE), (7, A, None), (8, BRAND, None),
     (9, BRAND, None), (11, B, None), (12, B, None)],
)
def test_shipped_to_a_returned_resold_to_b_the_right_dealer_answers(
    day: int, owner: str | None, container: str | None
) -> None:
    found = custody(*STORY, at=day)
    assert (found.owner, found.container) == (owner, container)


def test_goods_change_hands_when_received_and_not_when_shipped() -> None:
    assert custody(*STORY, at=4).disposition == "in_transit"
    assert custody(*STORY, at=4).holder == BRAND


def test_the_order_of_the_events_plays_no_part() -> None:
    assert custody(*reversed(STORY), at=11) == custody(*STORY, at=11)


def test_unpacking_one_item_leaves_its_sibling_in_the_case() -> None:
    assert custody(*STORY, at=7, epc=OTHER).container == CASE


def test_a_sale_is_undone_by_a_return() -> None:
    assert custody(*STORY, at=12).sold_us == 12 * DAY_US
    back = handed(13, "receiving", ITEM, B, BRAND, disposition="returned")
    assert custody(*STORY, back, at=13).sold_us is None


def test_an_event_that_an_error_declaration_takes_back_never_was() -> None:
    wrong = event(4, bizStep="destroying", disposition="destroyed", epcList=[ITEM])
    declared = {**wrong.event, "errorDeclaration": {"declarationTime": "1970-01-06T00:00:00Z"}}
    taken_back = ItemEvent(
        event_id=wrong.event_id, received_at=wrong.received_at, event=declared
    )
    assert custody(*STORY, wrong, at=4).disposition == "destroyed"
    assert custody(*STORY, wrong, taken_back, at=4).disposition == "in_transit"


def test_a_loop_of_containers_ends() -> None:
    loop = (packed(1, [ITEM], CASE), packed(2, [CASE], PALLET), packed(3, [PALLET], CASE))
    found = custody(*loop, at=4)
    assert found.chain() == [ITEM, CASE, PALLET]


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"type": "Nonsense"}, "event.type"),
        ({"action": "MOVE"}, "event.action"),
        ({"epcList": "x"}, "event.epcList"),
        ({"epcList": ["https://id.gs1.org/01/123/21/A"]}, "event.epcList[0]"),
        ({"bizLocation": 5}, "event.bizLocation"),
        ({"sourceList": [{}]}, "event.sourceList[0]"),
        ({"eventTime": "yesterday"}, "event.eventTime"),
    ],
)
def test_what_is_wrong_with_an_event_is_named(members: dict[str, Any], field: str) -> None:
    with pytest.raises(EventError) as caught:
        read_step(event(1, **members))
    assert caught.value.field == field
