"""All that one case's page shows, read in one go."""

from datetime import UTC, datetime
from typing import NamedTuple

from api.console.cards import ShownCard, shown_card
from api.console.cases.course import course_svg
from api.console.cases.custody_chain import Chain, chains_of
from api.console.cases.exposure import exposure_words
from api.console.cases.lines import CaseLine, line_of
from api.console.cases.story import Story, story_of
from api.console.lines import AlertLine
from api.console.lines import line_of as alert_line
from api.console.session import LoggedIn
from api.services import Records, Services
from api.wording import Wording
from cases.standing import Standing, possible, standing
from cases.steps import Attachment, Remind, Step
from events.timed import from_microseconds
from store.alert_views import AlertRow, alerts_by_id
from store.case_alerts import alert_ids_of
from store.case_steps import LoggedStep, steps_of
from store.case_views import CaseRow, find_case
from store.instants import to_us
from store.transactions import reading

MOST_CHAINS = 5
MOST_ALERTS = 200


class ShownStep(NamedTuple):
    """A step in words, and its evidence entry."""

    number: int
    name: str
    at: datetime
    actor: str
    about: str
    text: str
    attachments: tuple[Attachment, ...]
    evidence_seq: int


class CaseContent(NamedTuple):
    """Everything about a case."""

    line: CaseLine
    now: Standing
    story: Story
    exposure: list[str]
    alerts: list[AlertLine]
    alert_count: int
    cards: list[ShownCard]
    steps: list[ShownStep]
    may: frozenset[str]
    chains: list[Chain]
    course: str
    evidence_seq: int | None
    policy: int | None


def content_of(services: Services, case_id: str, user: LoggedIn, w: Wording) -> CaseContent | None:
    """The content; None where there is no such case. Asks the database."""
    row = find_case(services.engine, case_id)
    if row is None:
        return None
    steps = steps_of(services.engine, case_id)
    now = standing(step.taken for step in steps)
    registry, known_us = services.registry(), to_us(services.clock())
    alerts = alerts_of(services, row, now)
    line = line_of(row, registry, known_us)
    return CaseContent(
        line=line,
        now=now,
        story=story_of(line, row.body.get("items", 0), alerts, w),
        exposure=exposure_words(row.body, registry, w),
        alerts=[alert_line(one, registry, known_us, w.language) for one in alerts[:MOST_ALERTS]],
        alert_count=len(alerts),
        cards=[shown_card(rule, w.language) for rule in sorted({a.body["rule"] for a in alerts})],
        steps=[_step(step, w) for step in steps],
        may=frozenset(kind.__struct_config__.tag for kind in possible(now, user.role)),  # type: ignore[misc]
        chains=chains_of(services.engine, registry, _items(alerts)[:MOST_CHAINS], known_us, w),
        course=course_svg(row.body.get("facts", {}), w("course")),
        evidence_seq=row.evidence_seq,
        policy=row.body.get("policy", {}).get("version"),
    )


def alerts_of(services: Records, row: CaseRow, now: Standing) -> list[AlertRow]:
    """The case's own alerts and those of cases merged into it, without what was split off."""
    with reading(services.engine) as connection:
        found = alert_ids_of(connection, [row.case_id, *now.taken_in])
    wanted = (alert_id for ids in found.values() for alert_id in ids)
    kept = dict.fromkeys(alert_id for alert_id in wanted if alert_id not in now.split_off)
    return alerts_by_id(services.engine, list(kept))


def _items(alerts: list[AlertRow]) -> list[str]:
    subjects = [row.body["subject"] for row in alerts]
    return list(dict.fromkeys(one["id"] for one in subjects if one["type"] == "item"))


def _step(logged: LoggedStep, w: Wording) -> ShownStep:
    taken = logged.taken
    return ShownStep(
        number=taken.number,
        name=str(type(taken.step).__struct_config__.tag),
        at=from_microseconds(taken.at_us).astimezone(UTC),
        actor=taken.actor,
        about=_about(taken.step, w),
        text=getattr(taken.step, "text", ""),
        attachments=getattr(taken.step, "attachments", ()),
        evidence_seq=logged.evidence_seq,
    )


def _about(step: Step, w: Wording) -> str:
    """What a step says besides its text: to whom, why, until when."""
    if isinstance(step, Remind):
        return w(f"about_remind_{step.what}", day=f"{from_microseconds(step.due_us):%Y-%m-%d}")
    for member in ("assignee", "into", "case_id", "to", "question", "dealer_id"):
        value = getattr(step, member, None)
        if value is not None:
            shown = value[:12] if member in ("into", "case_id", "to") else value
            return w(f"about_{member}", value=shown)
    reason = getattr(step, "reason", None)
    if reason is not None:
        return w(f"reason_{reason}")
    until_us = getattr(step, "until_us", None)
    return "" if until_us is None else f"{from_microseconds(until_us):%Y-%m-%d}"
