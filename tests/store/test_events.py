"""Versions of subjects, whatever a batch names."""

from store.engine import open_engine
from store.events import raise_versions
from store.schema import metadata


def test_a_subject_that_a_batch_names_twice_is_raised_once() -> None:
    """PostgreSQL would refuse the whole batch: an order that was sent twice ended the worker."""
    engine = open_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        assert raise_versions(connection, ["a", "b", "a"]) == {"a": 1, "b": 1}
        assert raise_versions(connection, ["a"]) == {"a": 2}
