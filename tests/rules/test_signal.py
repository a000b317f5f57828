"""A signal's id is the hash of canonical JSON, whatever its subject and inputs are called."""

import hashlib

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from rules.model import Subject
from rules.signal import signal_id

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(TEXTS, st.integers(1, 2**53 - 1), TEXTS, TEXTS, st.lists(TEXTS, max_size=4))
def test_the_id_is_the_hash_of_rfc_8785(
    rule: str, version: int, policy: str, subject: str, inputs: list[str]
) -> None:
    named = {
        "rule": rule,
        "rule_version": version,
        "policy": policy,
        "subject": {"type": "item", "id": subject},
        "inputs": inputs,
    }
    wanted = hashlib.sha256(rfc8785.dumps(named)).hexdigest()  # type: ignore[arg-type]
    assert signal_id(rule, version, policy, Subject("item", subject), inputs) == wanted
