"""What the demo says at its end: the gravest case, in two sentences, and how to prove it."""

import asyncio
from typing import NamedTuple

from sqlalchemy import Engine

from api.console.cases.lines import line_of
from api.console.cases.story import story_of
from api.wording import Wording
from registry import Registry
from store.alert_views import alerts_by_id
from store.case_alerts import alert_ids_of
from store.case_views import CaseFilter, list_cases
from store.evidence_publishing import published
from store.transactions import reading

LOOKS_EVERY_S = 1.0
GRAVEST = CaseFilter(states=("open",), sort="tier")


class Found(NamedTuple):
    """A case and its story; ``others`` are the open cases besides, ``log_key`` is the evidence
    log's verifier key."""

    case_id: str
    title: str
    story: str
    others: int
    log_key: str


async def gravest_case(
    engine: Engine, registry: Registry, now_us: int, *, limit_s: float
) -> Found | None:
    """The gravest open case, once there is one; None where none comes within ``limit_s``."""
    for _ in range(max(1, round(limit_s / LOOKS_EVERY_S))):
        found = await asyncio.to_thread(_look, engine, registry, now_us)
        if found is not None:
            return found
        await asyncio.sleep(LOOKS_EVERY_S)
    return None


def _look(engine: Engine, registry: Registry, now_us: int) -> Found | None:
    rows = list_cases(engine, GRAVEST, 200)
    with reading(engine) as connection:
        shown = published(connection)
    if not rows or shown is None:
        return None
    w = Wording("api.console.cases", "en", besides=("api.console",))
    with reading(engine) as connection:
        alert_ids = alert_ids_of(connection, [rows[0].case_id])[rows[0].case_id]
    line = line_of(rows[0], registry, now_us)
    items = rows[0].body.get("items", 0)
    story = story_of(line, items, alerts_by_id(engine, alert_ids), w)
    title = f"{w(f'kind_{line.kind}')}: {line.dealer or line.subject} → {line.territory or '?'}"
    told = f"{story.found} {story.rests_on}"
    return Found(rows[0].case_id, title, told, len(rows) - 1, shown.key)
