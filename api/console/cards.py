"""Rule cards in one language; a rule whose card is gone is shown by its id."""

from dataclasses import dataclass

from api.negotiation import Language
from rules.card import Card, card
from rules.model import Reason


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card's texts, and the rule's version."""

    rule: str
    version: int | None
    title: str
    why: str
    clears: str
    runbook: str


def _found(rule: str) -> Card | None:
    try:
        return card(rule)
    except (FileNotFoundError, OSError, ValueError):
        return None


def said(reason: Reason, language: Language) -> str:
    """The text in that language."""
    return reason.zh if language == "zh" else reason.en


def title_of(rule: str, language: Language) -> str:
    """What the rule is called."""
    found = _found(rule)
    return rule if found is None else said(found.title, language)


def shown_card(rule: str, language: Language) -> ShownCard:
    """The card's texts; empty ones where there is no card."""
    found = _found(rule)
    if found is None:
        return ShownCard(rule, None, rule, "", "", "")
    return ShownCard(
        rule,
        found.version,
        said(found.title, language),
        said(found.why, language),
        said(found.clears, language),
        said(found.runbook, language),
    )
