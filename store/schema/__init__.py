"""The tables, one file an area. Importing this package registers them all on one MetaData."""

from store.schema import events, judgements, registry
from store.schema.metadata import metadata

__all__ = ["events", "judgements", "metadata", "registry"]
