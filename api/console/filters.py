"""What the list is narrowed to, from the page's address."""

from typing import get_args
from urllib.parse import urlencode

from starlette.requests import Request

from rules.card import Severity
from store.alert_views import AlertFilter

SEVERITIES: tuple[str, ...] = get_args(Severity)


def filter_of(request: Request) -> AlertFilter:
    """``severity`` and ``rule``, each any number of times; what is no severity narrows nothing."""
    wanted = request.query_params.getlist("severity")
    severities = tuple(name for name in SEVERITIES if name in wanted)
    rules = tuple(sorted({rule for rule in request.query_params.getlist("rule") if rule}))[:50]
    return AlertFilter(severities, rules)


def query_of(narrowed: AlertFilter) -> str:
    """The filter as part of an address."""
    pairs = [("severity", name) for name in narrowed.severities]
    pairs += [("rule", rule) for rule in narrowed.rules]
    return urlencode(pairs)


def lets_pass(narrowed: AlertFilter, *, severity: str, rule: str) -> bool:
    """Whether an alert belongs to the narrowed list."""
    return (not narrowed.severities or severity in narrowed.severities) and (
        not narrowed.rules or rule in narrowed.rules
    )
