"""The writer: one transaction, fenced, and nothing that comes twice or late counts twice."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import Connection, Engine, insert

from deploy.schemas import schemas
from evidence.errors import LogMovedError
from registry import Policy, RegistryRows
from rules.model import Finding, Subject
from rules.signal import Signal, signal_of
from store.alert_views import alerts_changed_after, effective_signals
from store.engine import open_engine, sqlite_url
from store.evidence_log import EvidenceLog
from store.evidence_openings import find
from store.evidence_sources import in_entry, sources_of
from store.registry import load_rows
from store.registry_versions import versions_at
from store.schema import metadata
from store.schema.events import events
from store.transactions import reading
from stream_processors.messages import JudgementMessage, SaidOf
from stream_processors.writer import Writer

ITEM = "https://id.gs1.org/01/09506000134352/21/A1"


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = sqlite_url(tmp_path / "db.sqlite")
    if request.param == "postgres":
        url = request.getfixturevalue("database_url")
    found = open_engine(url)
    metadata.create_all(found)
    yield found
    found.dispose()


def signal(number: int) -> Signal:
    return signal_of(
        Finding(
            rule="code-invalid",
            subject=Subject("item", ITEM),
            occurred_us=number,
            strength=0.9,
            inputs=(f"scan:s{number}",),
            facts={"dealer_id": "D1"},
            values={"signature": "invalid"},
        ),
        "policy",
    )


def judged(revision: int, since: int, *numbers: int) -> JudgementMessage:
    units = tuple(SaidOf(n, f"scan:s{n}", (signal(n),)) for n in numbers)
    return JudgementMessage(f"item:{ITEM}", revision, (since, ""), "scan:s0", units)


def held(engine: Engine) -> list[str]:
    return sorted(row.signal_id for row in effective_signals(engine, -1, 1000))


def ids(*numbers: int) -> list[str]:
    return sorted(signal(n).signal_id for n in numbers)


def entries(engine: Engine) -> list[dict[str, object]]:
    return [said_in(engine, body) for body in bodies(engine)]


def bodies(engine: Engine) -> list[dict[str, Any]]:
    log = EvidenceLog()
    with reading(engine) as connection:
        assert list(log.fsck(connection)) == []
        rows = list(log.iterate(connection, 0, log.head(connection).size))
    return [json.loads(row.data)["body"] for row in rows]


def said_in(engine: Engine, body: dict[str, Any]) -> dict[str, object]:
    """The signal that an entry commits to, whose open members are those of the entry."""
    with reading(engine) as connection:
        (opening,) = find(connection, [body["content"]["commitment"]])
    said: dict[str, object] = json.loads(opening.value_json)
    assert body["signal"].items() <= said.items()
    return said


def test_an_entry_names_rule_policy_and_registry_and_nothing_of_whom_it_concerns(
    engine: Engine,
) -> None:
    with engine.begin() as connection:
        load_rows(connection, "first", RegistryRows(), now_us=1)
        before = versions_at(connection, 1)
    one = writer(engine)
    one.take([msgspec.structs.replace(judged(1, 1, 1), registry_revision=1)])
    policy, registry, body = bodies(engine)
    assert (policy["kind"], policy["before"]) == ("policy", None)
    assert registry["registry"] == body["registry"] == before
    assert registry["policy_hash"] == policy["policy_hash"] == Policy().digest()
    assert body["signal"] == {
        "signal_id": ids(1)[0], "rule": "code-invalid",
        "rule_version": signal(1).rule_version,
    }  # fmt: skip
    assert body["policy_hash"] == "policy"
    assert ITEM not in json.dumps(body)
    assert "D1" not in json.dumps(body)
    assert said_in(engine, body)["facts"] == {"dealer_id": "D1"}
    forms = dict(schemas())
    with reading(engine) as connection:
        (row,) = EvidenceLog().rows(connection, 2, 3)
    for name, form in (("entry", json.loads(row.data)), ("entry-signal", body)):
        Draft202012Validator(forms[f"evidence-{name}.json"]).validate(form)


def test_another_policy_is_logged_with_the_one_that_it_replaced(engine: Engine) -> None:
    with engine.begin() as connection:
        load_rows(connection, "first", RegistryRows(), now_us=1)
        load_rows(connection, "again", RegistryRows(), now_us=2)
        other = msgspec.structs.replace(Policy(), sell_through_days=17)
        load_rows(connection, "other", RegistryRows(policy=other), now_us=3)
    logged = [body for body in bodies(engine) if body["kind"] == "policy"]
    assert [(one["before"], one["policy_hash"]) for one in logged] == [
        (None, Policy().digest()), (Policy().digest(), other.digest())
    ]  # fmt: skip


def writer(engine: Engine) -> Writer:
    made = Writer(engine, lambda: 1_790_000_000_000_000)
    made.start()
    return made


def test_what_comes_again_changes_nothing(engine: Engine) -> None:
    one = writer(engine)
    assert one.take([judged(1, 1, 1, 2)]) == 2
    assert one.take([judged(1, 1, 1, 2)]) == 0
    assert held(engine) == ids(1, 2)
    assert len(entries(engine)) == 2


def test_a_later_judgement_withdraws_what_it_no_longer_says(engine: Engine) -> None:
    one = writer(engine)
    one.take([judged(1, 1, 1, 2)])
    one.take([judged(2, 2)])
    assert held(engine) == ids(1)
    last = entries(engine)[-1]
    assert last["withdraws"] == ids(2)
    assert last["strength"] == 0


def test_an_earlier_judgement_that_comes_late_changes_nothing(engine: Engine) -> None:
    one = writer(engine)
    one.take([judged(5, 1, 1)])
    one.take([judged(3, 1, 1, 2)])
    assert held(engine) == ids(1)


def test_every_order_of_judgements_ends_alike(tmp_path: Path) -> None:
    said = [judged(1, 1, 1, 2, 3), judged(2, 2, 3), judged(3, 3, 3, 4), judged(4, 2, 2, 4)]
    for number, order in enumerate(itertools.permutations(said)):
        engine = open_engine(sqlite_url(tmp_path / f"{number}.sqlite"))
        metadata.create_all(engine)
        one = writer(engine)
        for message in order:
            one.take([message])
        assert held(engine) == ids(1, 2, 4)
        engine.dispose()


def test_an_alert_whose_first_signal_goes_is_replaced(engine: Engine) -> None:
    one = writer(engine)
    one.take([judged(1, 1, 1, 2)])
    (before,) = [row for row in alerts_changed_after(engine, 0, 10) if row.holds]
    one.take([judged(2, 1, 2)])
    rows = alerts_changed_after(engine, before.change, 10)
    assert [(row.alert_id == before.alert_id, row.holds) for row in rows] == [
        (True, False), (False, True)
    ]


def test_an_earlier_writer_is_fenced_off(engine: Engine) -> None:
    first = writer(engine)
    writer(engine)
    with pytest.raises(LogMovedError):
        first.take([judged(1, 1, 1)])
    assert held(engine) == []


def test_a_signal_of_thousands_of_events_and_withdrawals_enters_by_hash(engine: Engine) -> None:
    inputs = tuple(f"scan:s{number}" for number in range(5_000))
    ids = tuple(f"{number:064x}" for number in range(3_000))
    with engine.begin() as connection:
        store_events(connection, inputs)
    large = msgspec.structs.replace(signal(1), inputs=inputs, withdraws=ids, corrects=ids[:300])
    units = (SaidOf(1, inputs[0], (large,)),)
    writer(engine).take([JudgementMessage(f"item:{ITEM}", 1, (1, ""), inputs[0], units)])
    (body,) = bodies(engine)
    assert Draft202012Validator(dict(schemas())["evidence-entry-signal.json"]).is_valid(body)
    assert len(body["sources_sha256"]) == 64
    for name, listed in (("withdraws", ids), ("corrects", ids[:300])):
        with reading(engine) as connection:
            (opening,) = find(connection, [body["signal"][name]["commitment"]])
        assert json.loads(opening.value_json) == list(listed)
    with reading(engine) as connection:
        known = {one.identity: one.opening.commitment for one in sources_of(connection, inputs)}
    assert in_entry(inputs, known).items() <= body.items()
    assert len(known) == len(inputs)


def store_events(connection: Connection, identities: tuple[str, ...]) -> None:
    """Stored scans, as far as commitments to them ask."""
    same = {"kind": "scan", "subject": ITEM, "happened_us": 1, "received_us": 1}
    rows = [{**same, "identity": one, "raw": f'{{"n":"{one}"}}'} for one in identities]
    connection.execute(insert(events), rows)
