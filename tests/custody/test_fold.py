"""Custody: who holds an item and who answers for it, at any moment."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody import Custody, custody_of, read_step
from custody.trail import Touch, Trail
from events.errors import EventError
from events.model import ItemEvent
from events.timed import from_microseconds
from events.wire import decode_event
from registry import SiteParty

ITEM = "https://id.gs1.org/01/09506000134352/21/A1"
OTHER = "https://id.gs1.org/01/09506000134352/21/A2"
CASE = "https://id.gs1.org/00/395060000010000082"
PALLET = "https://id.gs1.org/00/395060000010000266"
BRAND, A, B = "9506000000015", "9506000100067", "9506000100098"
DAY_US = 86_400_000_000


def event(day: int, **members: Any) -> ItemEvent:
    at = from_microseconds(day * DAY_US).isoformat()
    epcis = {
        "type": "ObjectEvent",
        "eventTime": at,
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        **members,
    }
    number = f"e{day}-{members.get('bizStep')}"
    line = {"kind": "item_event", "event_id": number, "received_at": at, "event": epcis}
    decoded = decode_event(json.dumps(line).encode())
    assert isinstance(decoded, ItemEvent)
    return decoded


def packed(day: int, children: list[str], parent: str) -> ItemEvent:
    return event(
        day,
        type="AggregationEvent",
        action="ADD",
        bizStep="packing",
        parentID=parent,
        childEPCs=children,
    )


def handed(day: int, step: str, epc: str, source: str, to: str, **more: Any) -> ItemEvent:
    def parties(name: str, gln: str) -> list[dict[str, str]]:
        uri = f"https://id.gs1.org/417/{gln}"
        return [{"type": t, name: uri} for t in ("possessing_party", "owning_party")]

    return event(
        day,
        bizStep=step,
        epcList=[epc],
        sourceList=parties("source", source),
        destinationList=parties("destination", to),
        **more,
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
        7,
        type="AggregationEvent",
        action="DELETE",
        bizStep="unpacking",
        parentID=CASE,
        childEPCs=[ITEM],
    ),
    handed(8, "receiving", ITEM, A, BRAND, disposition="returned"),
    handed(9, "shipping", ITEM, BRAND, B),
    handed(10, "receiving", ITEM, BRAND, B),
    event(12, bizStep="retail_selling", epcList=[ITEM]),
)


@pytest.mark.parametrize(
    ("day", "owner", "container"),
    [
        (2, None, CASE),
        (4, BRAND, CASE),
        (5, A, CASE),
        (6, A, CASE),
        (7, A, None),
        (8, BRAND, None),
        (9, BRAND, None),
        (11, B, None),
        (12, B, None),
    ],
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
    taken_back = ItemEvent(event_id=wrong.event_id, received_at=wrong.received_at, event=declared)
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


@pytest.mark.parametrize(
    ("step", "state"),
    [
        ("commissioning", "active"),
        ("shipping", "in_transit"),
        ("receiving", "in_progress"),
        ("accepting", "in_progress"),
        ("retail_selling", "retail_sold"),
        ("arriving", "in_progress"),
        ("departing", "in_transit"),
        ("dispensing", "dispensed"),
        ("decommissioning", "inactive"),
        ("destroying", "destroyed"),
        ("inspecting", None),
    ],
)
def test_a_step_without_a_disposition_has_that_of_its_kind(step: str, state: str | None) -> None:
    assert custody(event(1, bizStep=step, epcList=[ITEM]), at=1).disposition == state


def test_a_shipment_that_is_voided_leaves_things_as_they_were() -> None:
    made = event(1, bizStep="commissioning", disposition="active", epcList=[ITEM])
    sent = handed(2, "shipping", ITEM, BRAND, A)
    voided = event(3, bizStep="void_shipping", epcList=[ITEM])
    found = custody(made, sent, voided, event(4, bizStep="receiving", epcList=[ITEM]), at=3)
    assert (found.disposition, found.holder, found.heading_holder) == ("active", BRAND, None)


def test_a_case_may_be_known_by_gtin_and_serial_and_stand_on_a_pallet() -> None:
    case = "urn:epc:id:sgtin:9506000.413435.CASE1"
    canonical = "https://id.gs1.org/01/49506000134350/21/CASE1"
    events = (
        packed(1, [ITEM], case),
        packed(2, [case], PALLET),
        handed(3, "receiving", PALLET, BRAND, A),
    )
    found = custody(*events, at=3)
    assert (found.container, found.chain(), found.owner) == (
        canonical,
        [ITEM, canonical, PALLET],
        A,
    )


def test_what_put_an_item_into_what_was_received_is_part_of_why_somebody_answers() -> None:
    events = [
        packed(0, [ITEM], CASE),
        packed(1, [CASE], PALLET),
        handed(2, "receiving", PALLET, BRAND, A),
    ]
    received = custody(*events, at=3)
    assert received.owned_by == "item_event:e2-receiving"
    assert received.owned_through == ("item_event:e0-packing", "item_event:e1-packing")
    sold_on = custody(*events, handed(4, "receiving", ITEM, A, B), at=5)
    assert (sold_on.owned_by, sold_on.owned_through) == ("item_event:e4-receiving", ())


def test_what_a_transformation_uses_up_is_gone_from_its_case_and_what_comes_out_begins() -> None:
    made = event(
        2,
        type="TransformationEvent",
        action=None,
        bizStep="commissioning",
        disposition="active",
        inputEPCList=[ITEM],
        outputEPCList=[OTHER],
        bizLocation={"id": "https://id.gs1.org/414/9506000300016"},
    )
    events = (packed(1, [ITEM], CASE), made)
    used = custody(*events, at=2)
    assert (used.disposition, used.container) == ("inactive", None)
    touches = [Touch(*read_step(one)) for one in events]
    begun = custody_of(Trail.of(OTHER, touches), party_at=lambda *_: SiteParty(BRAND, "own"))
    assert (begun.disposition, begun.holder) == ("active", BRAND)


def test_a_class_has_a_state_and_neither_holder_nor_container() -> None:
    lot = "https://id.gs1.org/01/09506000134352/10/L1"
    quantity = [{"epcClass": "urn:epc:class:lgtin:9506000.013435.L1", "quantity": 5}]
    events = (
        event(
            1,
            type="AggregationEvent",
            action="ADD",
            bizStep="packing",
            parentID=CASE,
            childQuantityList=quantity,
        ),
        handed(2, "receiving", CASE, BRAND, A),
        event(3, bizStep="holding", disposition="recalled", quantityList=quantity),
    )
    found = custody(*events, at=3, epc=lot)
    assert (found.disposition, found.holder, found.container) == ("recalled", None, None)
    assert custody(*events, at=3, epc=CASE).disposition == "in_progress"


@pytest.mark.parametrize(
    ("local", "holder", "owner"),
    [
        (SiteParty(B, "dealer"), B, B),
        (SiteParty("9506000200064", "operator"), "9506000200064", A),
        (SiteParty(BRAND, "own"), BRAND, A),
        (None, A, A),
    ],
)
def test_a_site_says_who_holds_and_only_a_dealers_site_who_answers(
    local: SiteParty | None, holder: str, owner: str
) -> None:
    got = handed(
        1, "receiving", ITEM, BRAND, A, bizLocation={"id": "https://id.gs1.org/414/9506000300016"}
    )
    trail = Trail.of(ITEM, [Touch(*read_step(got))])
    found = custody_of(trail, party_at=lambda _site, _known: local)
    assert (found.holder, found.owner) == (holder, owner)


def anything(day: int) -> st.SearchStrategy[ItemEvent]:
    """An event of a day that bears on the item, its case or its pallet."""
    epcs, parties = st.sampled_from([ITEM, OTHER, CASE, PALLET]), st.sampled_from([BRAND, A, B])
    steps = st.sampled_from(
        ["shipping", "receiving", "void_shipping", "retail_selling", "destroying"]
    )
    parents = st.sampled_from([CASE, PALLET])
    return st.one_of(
        st.builds(lambda *given: handed(day, *given), steps, epcs, parties, parties),
        st.builds(lambda child, parent: packed(day, [child], parent), epcs, parents),
        st.builds(
            lambda parent: event(
                day, type="AggregationEvent", action="DELETE", bizStep="unpacking", parentID=parent
            ),
            parents,
        ),
    )


HISTORIES = st.integers(1, 8).flatmap(lambda n: st.tuples(*map(anything, range(1, n + 1))))


@given(history=HISTORIES, data=st.data())
def test_neither_order_nor_doubles_nor_when_an_error_is_declared_matter(
    history: tuple[ItemEvent, ...], data: st.DataObject
) -> None:
    taken = data.draw(st.lists(st.sampled_from(range(len(history))), max_size=2, unique=True))
    declared = [
        ItemEvent(
            event_id=history[index].event_id,
            received_at=from_microseconds(99 * DAY_US),
            event={
                **history[index].event,
                "errorDeclaration": {"declarationTime": "1970-04-01T00:00:00Z"},
            },
        )
        for index in taken
    ]
    twice = data.draw(st.permutations([*history, *declared, *history]))
    kept = [one for index, one in enumerate(history) if index not in taken]
    at = len(history) + 1
    assert custody(*twice, at=at) == custody(*kept, at=at)


@given(history=HISTORIES)
def test_custody_at_a_moment_does_not_depend_on_what_comes_after(
    history: tuple[ItemEvent, ...],
) -> None:
    for day in range(len(history) + 1):
        found: Custody = custody(*history, at=day)
        assert found == custody(*history[:day], at=99)
