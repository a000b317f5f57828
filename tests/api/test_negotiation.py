import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import negotiation
from api.negotiation import language_of, prefers_json


def test_the_examples_hold() -> None:
    assert doctest.testmod(negotiation).failed == 0


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("text/html", False),
        ("application/json", True),
        ("application/problem+json", True),
        ("application/json, text/html;q=0.9", True),
        ("text/html, application/json;q=0.9", False),
        ("text/html;q=0.4, application/json;q=0.5", True),
        ("application/json;q=0", False),
        ("application/*, text/html;q=0.5", True),
        ("application/json;q=nonsense", False),
    ],
)
def test_json_is_given_to_who_prefers_it(accept: str | None, json: bool) -> None:
    assert prefers_json(accept) is json


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("de", "en"),
        ("zh", "zh"),
        ("zh-Hant-TW", "zh"),
        ("en;q=0.3, zh-CN;q=0.7", "zh"),
        ("zh;q=0, en;q=0.1", "en"),
        ("*", "en"),
    ],
)
def test_the_page_speaks_the_preferred_of_two_languages(header: str | None, language: str) -> None:
    assert language_of(header) == language


@given(st.text())
def test_no_header_breaks_a_page(header: str) -> None:
    assert language_of(header) in ("en", "zh")
    assert prefers_json(header) in (True, False)
