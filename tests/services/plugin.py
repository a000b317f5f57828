"""Fixtures that start a real Kafka, PostgreSQL, Redis or Chromium when the first test asks for it.

A test that uses one is marked ``real_parts`` (or ``browser``) by itself.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import KafkaService, PostgresService, RedisService, packages

REAL_PARTS = {"kafka", "own_kafka", "postgres", "database_url", "redis_server"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a real part by the fixtures that it asks for, and keep a folder together:
    two processes share the folders, and what a folder starts is started once."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_folder(item)))
        asked_for = set(getattr(item, "fixturenames", ()))
        if asked_for & REAL_PARTS:
            item.add_marker(pytest.mark.real_parts)
        if "chromium" in asked_for:
            item.add_marker(pytest.mark.browser)


def _folder(item: pytest.Item) -> str:
    """The folder below ``tests/`` that a test lies in."""
    return item.path.relative_to(Path(__file__).parents[1]).parts[0]


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaService]:
    """A running broker for the whole session; a test names its own topics and groups.

    A test that kills or wipes it starts one of its own instead: ``KafkaService()``.
    """
    service = KafkaService()
    try:
        service.start()
        yield service
    finally:
        service.discard()


@pytest.fixture
def own_kafka() -> Iterator[KafkaService]:
    """A broker of this test's own: workers read all that lies on a broker's topics."""
    service = KafkaService()
    try:
        service.start()
        yield service
    finally:
        service.discard()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresService]:
    """A running PostgreSQL for the whole session; ``create_database`` gives a test its own."""
    service = PostgresService()
    try:
        service.start()
        yield service
    finally:
        service.discard()


@pytest.fixture
def database_url(postgres: PostgresService) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of this test's own, dropped after it."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisService]:
    """A running Redis for the whole session; a test uses keys of its own."""
    service = RedisService()
    try:
        service.start()
        yield service
    finally:
        service.discard()


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The path of Chromium, for Playwright's ``executable_path``, with fonts for its Chinese.

    Where tests run as root it takes ``args=["--no-sandbox"]``.
    """
    packages.require(packages.CHINESE_FONTS)
    return packages.require(packages.CHROMIUM)
