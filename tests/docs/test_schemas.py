import json

import pytest
from jsonschema import Draft202012Validator

from cases.alerts import alert_of
from cases.alerts import as_json as alert_json
from deploy.schemas import FOLDER, schemas, written
from rules.card import card
from rules.catalogue import rule_ids
from rules.model import Finding, Subject
from rules.signal import Signal, signal_of
from rules.signal import as_json as signal_json

CURRENT = dict(schemas())


def a_signal() -> Signal:
    finding = Finding(
        rule="item-inactive",
        subject=Subject("item", "https://id.gs1.org/01/09506000134352/21/A1"),
        occurred_us=1_770_000_000_000_000,
        strength=0.5,
        inputs=("scan:s1", "item_event:d1"),
        facts={"disposition": "recalled"},
        values={"disposition": "recalled", "disposition_zh": "已召回"},
    )
    return signal_of(finding, "0" * 64)


@pytest.mark.parametrize("name", CURRENT)
def test_a_schema_is_as_the_code_reads(name: str) -> None:
    Draft202012Validator.check_schema(CURRENT[name])
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert text == written(CURRENT[name]), "run: python -m deploy.schemas"


def test_no_schema_is_of_a_form_that_is_no_more() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(CURRENT)


def test_signals_and_alerts_are_of_their_forms() -> None:
    signal = a_signal()
    alert = alert_of([signal])
    assert alert is not None
    forms = {"signal.json": signal_json(signal), "alert.json": alert_json(alert)}
    for name, form in forms.items():
        problems = list(Draft202012Validator(CURRENT[name]).iter_errors(form))
        assert problems == [], name


def test_a_form_with_a_misspelt_member_is_refused() -> None:
    form = signal_json(a_signal()) | {"strenght": 1}
    assert not Draft202012Validator(CURRENT["signal.json"]).is_valid(form)


@pytest.mark.parametrize("rule", rule_ids())
def test_the_events_of_a_cards_cases_are_of_their_forms(rule: str) -> None:
    for case in card(rule).cases:
        for line in filter(None, case.events.splitlines()):
            event = json.loads(line)
            schema = CURRENT[f"event-{event['kind'].replace('_', '-')}.json"]
            assert Draft202012Validator(schema).is_valid(event), line
