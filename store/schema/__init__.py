"""The tables, one file an area. Importing this package registers them all on one MetaData."""

from store.schema import (
    access,
    accounts,
    cases,
    events,
    evidence,
    judgements,
    outbox,
    registry,
    reports,
)
from store.schema.metadata import metadata

__all__ = [
    "access",
    "accounts",
    "cases",
    "events",
    "evidence",
    "judgements",
    "metadata",
    "outbox",
    "registry",
    "reports",
]
