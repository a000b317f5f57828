"""A rule's card: what the rule is called, how grave, in which words, what clears it, and the cases
that must and must not fire. It lies beside the rule as ``<rule>.toml``."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from rules.model import Finding, Reason

Severity = Literal["low", "medium", "high", "critical"]


class Case(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Events in the form of a recording's lines, and what the rule must say of them."""

    name: str
    events: str
    fires: Annotated[int, Meta(ge=0)]


class Card(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The card; texts in English and Chinese. ``reason`` has places for a finding's values."""

    id: str
    version: Annotated[int, Meta(ge=1)]
    severity: Severity
    kind: Literal["diversion", "clone", "transport", "cold-chain", "price", "order", "custody"]
    title: Reason
    reason: Reason
    why: Reason
    clears: Reason
    runbook: Reason
    cases: list[Case]


@cache
def card(rule_id: str) -> Card:
    """The card of a rule; a card that does not fit its form is a fault of the code."""
    path = Path(__file__).with_name(rule_id.replace("-", "_") + ".toml")
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Card)


def reason(finding: Finding) -> Reason:
    """The card's words with the finding's values in them."""
    words = card(finding.rule).reason
    return Reason(words.en.format(**finding.values), words.zh.format(**finding.values))
