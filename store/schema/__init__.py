"""The tables, one file an area. Importing this package registers them all on one MetaData."""

from store.schema import (
    access,
    accounts,
    capture,
    cases,
    events,
    evidence,
    gathering,
    hidden_codes,
    judgements,
    outbox,
    registry,
    reports,
)
from store.schema.metadata import metadata

__all__ = [
    "access",
    "accounts",
    "capture",
    "cases",
    "events",
    "evidence",
    "gathering",
    "hidden_codes",
    "judgements",
    "metadata",
    "outbox",
    "registry",
    "reports",
]
