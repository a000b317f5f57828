"""Cases, their steps and lists of them, on both databases."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cases.deadlines import DAY_US
from cases.errors import CaseError
from cases.standing import standing
from cases.steps import Answer, Archive, Ask, Assign, Comment, Confirm, Grow, Remind
from store.case_joins import merge_case, split_case
from store.case_reminders import remind
from store.case_steps import (
    Author,
    StoredFile,
    find_file,
    grow,
    steps_of,
    take_step,
)
from store.case_views import (
    CaseFilter,
    choices,
    count_by_state,
    count_cases,
    find_case,
    find_question,
    list_cases,
    questions_to,
)
from store.engine import open_engine, sqlite_url
from store.evidence_fsck import fsck
from store.evidence_log import EvidenceLog
from store.evidence_openings import erase, find
from store.migrations import migrate
from tests.store.cases_at_hand import OPENED_US, add_case

MEI = Author("mei", "decider", os.urandom)
ANN = Author("ann", "dealer", os.urandom)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database with three cases."""
    if request.param == "sqlite":
        url = sqlite_url(tmp_path / "cases.sqlite")
    else:
        url = request.getfixturevalue("database_url")
    opened = open_engine(url)
    migrate(opened)
    add_case(opened, "c1", change=1, items=3, facts={"threshold": 2.7})
    add_case(
        opened, "c2", change=2, kind="clone", tier=1, dealer_id=None, opened_us=5, exposure=None
    )
    add_case(opened, "c3", change=3, tier=3, dealer_id="D_2", confidence=0.5, holds=False)
    yield opened
    opened.dispose()


def test_steps_are_kept_in_order_and_move_the_case(engine: Engine) -> None:
    take_step(engine, "c1", Assign("mei"), MEI, at_us=1)
    take_step(engine, "c1", Comment("Looks like Kansas again."), MEI, at_us=2)
    take_step(engine, "c1", Confirm("They shipped them."), MEI, at_us=3)
    steps = steps_of(engine, "c1")
    assert [row.taken.number for row in steps] == [0, 1, 2]
    row = find_case(engine, "c1")
    assert row is not None
    assert (row.state, row.assignee, row.steps) == ("confirmed", "mei", 3)
    assert row.body["kind"] == "diversion"
    assert standing(row.taken for row in steps).decided_by == "mei"


def test_who_has_not_seen_the_last_step_is_refused_and_nothing_is_written(engine: Engine) -> None:
    take_step(engine, "c1", Assign("mei"), MEI, at_us=1)
    li = Author("li", "decider", os.urandom, seen=0)
    with pytest.raises(CaseError) as caught:
        take_step(engine, "c1", Confirm("Yes."), li, at_us=2)
    assert caught.value.type == "case-moved"
    assert len(steps_of(engine, "c1")) == 1


def test_a_case_that_is_not_there_takes_no_step(engine: Engine) -> None:
    with pytest.raises(CaseError) as caught:
        take_step(engine, "c9", Assign("mei"), MEI, at_us=1)
    assert caught.value.type == "case-unknown"


def test_a_question_is_the_dealers_alone_until_it_is_answered(engine: Engine) -> None:
    take_step(engine, "c1", Ask("D1", "Where did these go?", due_us=50), MEI, at_us=1)
    assert questions_to(engine, "D2") == []
    [question] = questions_to(engine, "D1")
    assert (question.case_id, question.number, question.answered_us) == ("c1", 0, None)
    receipt = StoredFile("ab" * 32, "receipt.pdf", "application/pdf", b"%PDF-")
    take_step(engine, "c1", Answer(0, "Sold at home."), ANN, at_us=9, files=[receipt])
    answered = find_question(engine, "c1", 0)
    assert answered is not None
    assert answered.answered_us == 9
    assert find_file(engine, "c1", receipt.sha256) == receipt
    assert find_file(engine, "c2", receipt.sha256) is None


def test_a_merge_is_a_step_of_both_cases_or_of_none(engine: Engine) -> None:
    merge_case(engine, "c2", "c1", MEI, at_us=4)
    merged, into = find_case(engine, "c2"), find_case(engine, "c1")
    assert merged is not None
    assert into is not None
    assert merged.state == "merged"
    assert standing(row.taken for row in steps_of(engine, "c1")).taken_in == ("c2",)
    take_step(engine, "c1", Confirm("Yes."), MEI, at_us=5)
    with pytest.raises(CaseError, match="confirmed"):
        merge_case(engine, "c3", "c1", MEI, at_us=6)
    assert steps_of(engine, "c3") == []
    with pytest.raises(CaseError, match="itself"):
        merge_case(engine, "c3", "c3", MEI, at_us=6)


def test_a_split_makes_a_case_of_the_alerts_chosen(engine: Engine) -> None:
    made = split_case(engine, "c1", ["a2"], MEI, at_us=4)
    row = find_case(engine, made)
    assert row is not None
    assert (row.body["alert_ids"], row.made_by_hand, row.state) == (["a2"], True, "new")
    assert not {"exposure", "items"} & set(row.body), "what is known of all is not known of these"
    assert row.body["facts"] == {}
    assert standing(one.taken for one in steps_of(engine, "c1")).split_off == {"a2"}
    with pytest.raises(CaseError):
        split_case(engine, "c1", ["a2"], MEI, at_us=5)


def test_an_archived_case_opens_again_only_when_it_has_grown(engine: Engine) -> None:
    take_step(engine, "c1", Archive(alerts=3), MEI, at_us=4)
    with engine.begin() as connection:
        assert not grow(connection, "c1", 3, at_us=5, salt=os.urandom)
        assert grow(connection, "c1", 4, at_us=6, salt=os.urandom)
        assert not grow(connection, "c1", 5, at_us=7, salt=os.urandom)
    assert isinstance(steps_of(engine, "c1")[-1].taken.step, Grow)


def test_every_step_is_an_entry_whose_words_can_be_erased(engine: Engine) -> None:
    take_step(engine, "c1", Comment("Ann in Kansas City says so."), MEI, at_us=1)
    merge_case(engine, "c2", "c1", MEI, at_us=2)
    places = [row.evidence_seq for row in steps_of(engine, "c1") + steps_of(engine, "c2")]
    assert sorted(places) == [0, 1, 2]
    with engine.begin() as connection:
        assert list(fsck(connection)) == []
        entries = [row.data for row in EvidenceLog().rows(connection, 0, 3)]
        assert not any(b"Kansas" in data for data in entries)
        body = json.loads(entries[0])["body"]
        assert (body["kind"], body["case_id"], body["step"]) == ("case-step", "c1", "comment")
        [opening] = find(connection, [body["content"]["commitment"]])
        assert json.loads(opening.value_json)["text"] == "Ann in Kansas City says so."
        erase(connection, EvidenceLog(), [opening.commitment], reason="asked", at="2026-05-04")
    with engine.begin() as connection:
        assert list(fsck(connection)) == []


def test_a_step_that_cannot_be_written_leaves_no_entry(engine: Engine) -> None:
    with pytest.raises(CaseError):
        take_step(engine, "c1", Comment(" "), MEI, at_us=1)
    with engine.begin() as connection:
        assert EvidenceLog().head(connection).size == 0


@pytest.mark.parametrize(
    ("narrowed", "found"),
    [
        (CaseFilter(), ["c2", "c1", "c3"]),
        (CaseFilter(sort="sure"), ["c1", "c2", "c3"]),
        (CaseFilter(sort="money"), ["c1", "c3", "c2"]),
        (CaseFilter(sort="no such"), ["c2", "c1", "c3"]),
        (CaseFilter(states=("open",)), ["c2", "c1"]),
        (CaseFilter(states=("new",)), ["c2", "c1", "c3"]),
        (CaseFilter(states=("confirmed",)), []),
        (CaseFilter(kinds=("clone",)), ["c2"]),
        (CaseFilter(tiers=(1, 3)), ["c2", "c3"]),
        (CaseFilter(dealers=("D1",)), ["c1"]),
        (CaseFilter(territories=("P2",)), ["c2", "c1", "c3"]),
        (CaseFilter(assignee="-"), ["c2", "c1", "c3"]),
        (CaseFilter(assignee="mei"), []),
        (CaseFilter(text="d_"), ["c3"]),
        (CaseFilter(text="%"), []),
    ],
)  # fmt: skip
def test_the_list_is_narrowed_and_sorted(
    engine: Engine, narrowed: CaseFilter, found: list[str]
) -> None:
    assert [row.case_id for row in list_cases(engine, narrowed, 10)] == found
    assert count_cases(engine, narrowed) == len(found)


def test_the_list_knows_what_it_can_be_narrowed_to(engine: Engine) -> None:
    take_step(engine, "c1", Assign("mei"), MEI, at_us=1)
    assert count_by_state(engine) == {"new": 1, "in-review": 1, "gone": 1}
    assert choices(engine).kinds == ["clone", "diversion"]
    assert [row.case_id for row in list_cases(engine, CaseFilter(assignee="mei"), 10)] == ["c1"]


def day(number: int) -> int:
    return OPENED_US + number * DAY_US


def test_the_service_reminds_of_each_deadline_once_and_logs_that_it_did(engine: Engine) -> None:
    take_step(engine, "c1", Ask("D1", "Where did these go?", due_us=day(50)), MEI, at_us=1)
    assert remind(engine, day(49), os.urandom) == 2
    assert remind(engine, day(51), os.urandom) == 1
    assert remind(engine, day(90), os.urandom) == 0
    told = [one for case in ("c1", "c2", "c3") for one in steps_of(engine, case)]
    reminded = [one for one in told if isinstance(one.taken.step, Remind)]
    assert [(one.taken.actor, one.taken.step.what) for one in reminded] == [  # type: ignore[union-attr]
        ("system", "decision"), ("system", "answer"), ("system", "look")
    ]  # fmt: skip
    log = EvidenceLog()
    with engine.begin() as connection:
        bodies = [
            json.loads(row.data)["body"]
            for row in log.iterate(connection, 0, log.head(connection).size)
        ]
    assert sum(body.get("step") == "remind" for body in bodies) == 3
