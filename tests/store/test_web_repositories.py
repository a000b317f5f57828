"""What the web service keeps, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store import access, accounts, outbox, reports
from store.alert_views import (
    AlertFilter,
    alerts_changed_after,
    count_by_severity,
    effective_signals,
    events_by_identity,
    find_alert,
    find_evidence,
    newest_alerts,
    newest_change,
    rules_seen,
    signals_by_id,
)
from store.engine import open_engine, sqlite_url
from store.migrations import migrate
from store.scan_views import scans_of
from tests.api.findings import add_finding, item_of, withdraw
from tests.api.world import World

NOW = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database."""
    if request.param == "sqlite":
        url = sqlite_url(tmp_path / "web.sqlite")
    else:
        url = request.getfixturevalue("database_url")
    opened = open_engine(url)
    migrate(opened)
    yield opened
    opened.dispose()


def entropy(size: int) -> bytes:
    return b"\x07" * size


def test_the_outbox_keeps_publishes_and_forgets(engine: Engine) -> None:
    events = [outbox.Outgoing(f"scan:{name}", "scans", "item", name.encode()) for name in "ab"]
    outbox.put(engine, events, NOW)
    outbox.put(engine, events[:1], NOW + timedelta(seconds=1))
    assert outbox.waiting(engine, 10) == events
    assert outbox.find(engine, "scan:a") == b"a"
    outbox.mark_published(engine, ["scan:a"], NOW)
    assert outbox.waiting(engine, 10) == events[1:]
    assert outbox.purge(engine, NOW) == 0
    assert outbox.purge(engine, NOW + timedelta(seconds=1)) == 1
    assert outbox.find(engine, "scan:a") is None


def test_keys_are_made_found_and_revoked(engine: Engine) -> None:
    key = access.add_key(engine, name="ERP", scopes=["read"], now=NOW, entropy=entropy)
    parts = access.split_key(key)
    assert parts is not None
    found = access.find_key(engine, parts[0])
    assert found is not None
    assert found.opens_with(parts[1])
    assert found.in_force(NOW)
    access.revoke_key(engine, parts[0], NOW)
    access.revoke_key(engine, parts[0], NOW + timedelta(days=1))
    (listed,) = access.list_keys(engine)
    assert not listed.in_force(NOW)


def test_users_log_in_and_out(engine: Engine) -> None:
    assert not accounts.has_users(engine)
    accounts.set_password(engine, "mei", "correct horse battery", NOW)
    assert accounts.password_holds(engine, "mei", "correct horse battery")
    token = accounts.begin_session(engine, "mei", now=NOW, entropy=entropy)
    assert accounts.session_user(engine, token, NOW) == ("mei", "administrator", None)
    accounts.end_session(engine, token)
    assert accounts.session_user(engine, token, NOW) is None


def test_reports_are_kept_with_their_photo_and_forgotten_together(engine: Engine) -> None:
    report = reports.Report("https://x", "item", "odd", "", "", "I agree")
    photo = reports.Photo("image/jpeg", bytes(range(256)))
    receipt = reports.new_receipt(entropy)
    reports.add_report(engine, receipt, report, photo, NOW)
    assert reports.find_report(engine, receipt) == report
    assert reports.find_photo(engine, receipt) == photo
    assert reports.purge_reports(engine, NOW + timedelta(seconds=1)) == 1
    assert reports.find_photo(engine, receipt) is None


def test_the_console_reads_what_the_writer_left(engine: Engine) -> None:
    world = World(engine)
    first = add_finding(world, "a", change=1)
    second = add_finding(world, "b", change=2, rule="code-invalid", minutes=1)
    everything = AlertFilter()
    assert [row.alert_id for row in newest_alerts(engine, everything, 10)] == [second, first]
    only = AlertFilter(severities=("high",), rules=("code-invalid",))
    assert [row.alert_id for row in newest_alerts(engine, only, 10)] == [second]
    assert count_by_severity(engine) == {"low": 1, "medium": 0, "high": 1, "critical": 0}
    assert rules_seen(engine) == ["code-invalid", "scan-outside-territory"]
    assert newest_change(engine) == 2
    alert = find_alert(engine, first)
    assert alert is not None
    (signal,) = signals_by_id(engine, alert.body["signal_ids"])
    (event,) = events_by_identity(engine, signal.inputs)
    assert event["event_id"] == "s-a"
    evidence = find_evidence(engine, signal.evidence_seq)
    assert evidence is not None
    assert evidence.data.startswith(b'{"body"')
    withdraw(world, "a", change=3)
    assert [row.holds for row in alerts_changed_after(engine, 0, 10)] == [True, False]
    assert [row.signal_id for row in effective_signals(engine, 0, 10)] != [signal.signal_id]


def test_an_items_scans_are_found_stored_or_on_their_way(engine: Engine) -> None:
    world = World(engine)
    add_finding(world, "a", change=1)
    (stored,) = scans_of(engine, item_of("a"), 10)
    on_its_way = outbox.Outgoing("scan:x", "scans", item_of("a"), b"no scan")
    outbox.put(engine, [on_its_way], NOW)
    assert scans_of(engine, item_of("a"), 10) == [stored]
    assert scans_of(engine, item_of("a"), 0) == []
