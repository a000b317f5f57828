import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["checksums", "identifiers", "logistic_units", "signing"])
def test_the_examples_in_docstrings_hold(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(f"codes.{name}"))
    assert outcome.attempted > 0
    assert outcome.failed == 0
