"""Tries of hidden codes, on both databases and from several threads at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from store.hidden_codes import Limits, Try, first_use, purge_sources, take
from store.outbox import Outgoing, find
from tests.store.test_web_repositories import engine

__all__ = ["engine"]

NOW = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)
LIMITS = Limits(item=10, source=15, window=timedelta(hours=1))


def one(number: int, *, is_right: bool, item: str = "item") -> Try:
    return Try(item, "source", f"visit-{number}", is_right)


def event(number: int) -> list[Outgoing]:
    return [Outgoing(f"scan:visit-{number}-hidden", "scans", "subject", b"{}")]


def test_of_many_right_codes_at_once_one_is_the_first(engine: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        tried = list(
            pool.map(
                lambda n: take(engine, one(n, is_right=True), LIMITS, NOW, event(n)), range(12)
            )
        )
    assert Counter(result.outcome for result in tried) == {"first": 1, "reused": 11}
    assert first_use(engine, "item") == NOW
    assert all(find(engine, f"scan:visit-{n}-hidden") == b"{}" for n in range(12))


def test_wrong_tries_at_once_are_all_counted_and_not_one_more_is_taken(engine: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        tried = list(
            pool.map(
                lambda n: take(engine, one(n, is_right=False), LIMITS, NOW, event(n)), range(14)
            )
        )
    assert Counter(result.outcome for result in tried) == {"wrong": 10, "closed": 4}
    assert sorted(r.left for r in tried if r.outcome == "wrong") == list(range(10))
    assert find(engine, "scan:visit-0-hidden") is None
    assert first_use(engine, "item") is None


def test_a_sources_window_begins_again_when_it_has_ended(engine: Engine) -> None:
    for number in range(15):
        take(engine, one(number, is_right=False, item=f"i{number}"), LIMITS, NOW, [])
    late = NOW + LIMITS.window
    before = late - timedelta(microseconds=1)
    last = one(99, is_right=False, item="x")
    assert take(engine, last, LIMITS, before, []).outcome == "limited"
    assert take(engine, last, LIMITS, late, []).outcome == "wrong"
    assert purge_sources(engine, late) == 0
    assert purge_sources(engine, late + timedelta(seconds=1)) == 1
