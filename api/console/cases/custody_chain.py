"""The chain of custody of an item: every step that it, or what it was in, went through."""

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Engine

from api.console.lines import short_subject
from api.wording import Wording
from custody import Trail, custody_of
from custody.fold import Custody
from events.timed import from_microseconds
from judging.trails import trails
from registry.book import Registry
from store.stored_history import StoredHistory
from store.transactions import reading

MOST_STEPS = 60


class ChainStep(NamedTuple):
    """One step: when and what, and who holds the item and answers for it from then on."""

    at: datetime
    biz_step: str
    site: str | None
    holder: str | None
    owner: str | None
    container: str | None
    changes_owner: bool


class Chain(NamedTuple):
    """An item and its steps in order."""

    item: str
    serial: str
    steps: list[ChainStep]


def chains_of(
    engine: Engine, registry: Registry, items: list[str], known_us: int, w: Wording
) -> list[Chain]:
    """The chains of these items. Asks the database."""
    if not items:
        return []
    with reading(engine) as connection:
        found = trails(items, StoredHistory(connection))
    return [_chain(found[item], registry, known_us, w) for item in items]


def _chain(trail: Trail, registry: Registry, known_us: int, w: Wording) -> Chain:
    steps: list[ChainStep] = []
    before: Custody | None = None
    for touch in trail.standing()[-MOST_STEPS:]:
        now = custody_of(trail, party_at=registry.party_at, until_us=touch.step.at_us)
        steps.append(
            ChainStep(
                at=from_microseconds(touch.step.at_us).astimezone(UTC),
                biz_step=_step_name(touch.step.biz_step or touch.step.type, w),
                site=touch.step.site_gln,
                holder=party_name(registry, now.holder, known_us, w),
                owner=party_name(registry, now.owner, known_us, w),
                container=now.container and short_subject("logistic-unit", now.container),
                changes_owner=before is not None and before.owner != now.owner,
            )
        )
        before = now
    return Chain(trail.epc, short_subject("item", trail.epc), steps)


def _step_name(biz_step: str, w: Wording) -> str:
    return w(f"step_{biz_step}") if w.has(f"step_{biz_step}") else biz_step


def party_name(registry: Registry, gln: str | None, known_us: int, w: Wording) -> str | None:
    """A party by the name of its dealer, the brand by that word, another by its GLN."""
    if gln is None:
        return None
    if registry.is_own(gln):
        return w("own_party")
    dealer = registry.dealer_by_gln(gln, known_us)
    return gln if dealer is None else dealer.name
