from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.consumer.history import history_of
from api.consumer.visits import Visit, VisitBook
from events.model import Scan
from tests.api.world import NOW

BOOK = VisitBook(b"k" * 32, lambda size: bytes(size))
OTHER = VisitBook(b"x" * 32, lambda size: bytes(size))


@given(uri=st.text(max_size=200), visit_id=st.text(max_size=40), recorded=st.booleans())
def test_an_address_gives_its_visit_back(uri: str, visit_id: str, recorded: bool) -> None:
    visit = Visit(uri, NOW, visit_id, recorded)
    assert BOOK.read_address(BOOK.address(visit), NOW) == visit
    assert OTHER.read_address(BOOK.address(visit), NOW) is None


@given(st.text())
def test_what_others_make_up_is_no_address_and_no_pass(text: str) -> None:
    assert BOOK.read_address(text, NOW) is None
    assert not BOOK.pass_holds(text, NOW)


@given(st.data())
def test_a_changed_address_is_refused(data: st.DataObject) -> None:
    address = BOOK.address(Visit("https://x.example/01/1/21/2", NOW, "v", True))
    at = data.draw(st.integers(0, len(address) - 2))
    other = data.draw(st.sampled_from("ABCxyz019-_").filter(lambda one: one != address[at]))
    assert BOOK.read_address(address[:at] + other + address[at + 1 :], NOW) is None


def test_a_pass_ends_and_cannot_be_prolonged() -> None:
    made = BOOK.new_pass(NOW)
    assert BOOK.pass_holds(made, NOW)
    assert BOOK.pass_holds(made, NOW + timedelta(minutes=29))
    assert not BOOK.pass_holds(made, NOW + timedelta(minutes=30))
    assert not BOOK.pass_holds(made, NOW - timedelta(minutes=1))
    number, made_at, mac = made.split(".")
    assert not BOOK.pass_holds(f"{number}.{int(made_at) + 600}.{mac}", NOW)
    assert not OTHER.pass_holds(made, NOW)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 5)), max_size=12))
def test_retries_of_a_session_are_one_query(rows: list[tuple[str, int]]) -> None:
    scans = [
        Scan(
            event_id=str(index),
            received_at=NOW,
            scanned_at=NOW + timedelta(minutes=minute),
            uri="x",
            signature="valid",
            reader="consumer",
            session=session,
        )
        for index, (session, minute) in enumerate(sorted(rows, key=lambda row: row[1]))
    ]
    history = history_of(scans, "a", most=100)
    sessions = {session for session, _ in rows}
    assert history.total == len(sessions)
    assert (history.number is None) is ("a" not in sessions)
    if history.number is not None:
        assert 1 <= history.number <= history.total
    assert history.first_at == (scans[0].scanned_at if scans else None)
    assert history_of(scans, None, most=100).number is None
