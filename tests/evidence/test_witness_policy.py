"""The policy file: C2SP tlog-policy, with its example, its limits and its errors."""

import pytest

from evidence.note import SigningKey
from evidence.signature_types import COSIGNATURE_ED25519
from evidence.witness_policy import PolicyError, read_policy

LOG = SigningKey.from_seed("example.com/log", bytes(32)).verifier
KEYS = [
    SigningKey.from_seed(f"w{number}.example", bytes([number] * 32), COSIGNATURE_ED25519).verifier
    for number in range(1, 7)
]
X1, X2, X3, Y1, Y2, Y3 = KEYS
EXAMPLE = f"""
# two groups, run by two organisations
log {LOG} https://example.com/log
  witness X1 {X1} https://w1.example/
witness X2 {X2}
witness\tX3\t{X3}
group X-witnesses 2 X1 X2 X3

witness Y1 {Y1}
witness Y2 {Y2}
witness Y3 {Y3}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def test_the_example_of_the_specification_asks_for_two_and_one() -> None:
    policy = read_policy(EXAMPLE)
    assert policy.logs == (LOG,)
    assert policy.witnesses["X1"].url == "https://w1.example/"
    assert policy.is_met_by([X1, X3, Y2])
    assert policy.is_met_by(KEYS)
    assert not policy.is_met_by([X1, X2, X3])
    assert not policy.is_met_by([X1, Y1, Y2, Y3])
    assert not policy.is_met_by([])


def test_no_quorum_is_met_by_nobody_and_one_witness_by_itself() -> None:
    assert read_policy("quorum none\n").is_met_by([])
    policy = read_policy(f"witness a {X1}\nwitness b {X2}\nquorum a\n")
    assert policy.is_met_by([X1])
    assert not policy.is_met_by([X2])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "quorum"),
        ("quorum none\nquorum none\n", "line 2"),
        ("quorum a\n", "line 1"),
        (f"witness a {X1}\nwitness a {X2}\nquorum a\n", "line 2"),
        (f"witness a {X1}\nwitness b {X1}\nquorum a\n", "line 2"),
        (f"witness none {X1}\nquorum none\n", "line 1"),
        (f"witness a {LOG}\nquorum a\n", "line 1"),
        (f"log {X1}\nquorum none\n", "line 1"),
        (f"log {LOG}\nlog {LOG}\nquorum none\n", "line 2"),
        (f"witness a {X1}\ngroup g 2 a\nquorum g\n", "line 2"),
        (f"witness a {X1}\ngroup g 0 a\nquorum g\n", "line 2"),
        (f"witness a {X1}\ngroup g some a\nquorum g\n", "line 2"),
        (f"witness a {X1}\ngroup g any a a\nquorum g\n", "line 2"),
        (f"witness a {X1}\ngroup g any a\ngroup h any a g\nquorum h\n", "line 3"),
        (f"witness a {X1}\ngroup g any b\nquorum g\n", "line 2"),
        (f"witness a {X1}\ngroup g any\nquorum g\n", "line 2"),
        ("witness a x\nquorum a\n", "line 1"),
        ("quorum none\r\n", "line 1"),
        ("else\nquorum none\n", "line 1"),
    ],
)
def test_a_line_that_says_something_else_is_named(text: str, line: str) -> None:
    with pytest.raises(PolicyError) as refused:
        read_policy(text)
    assert refused.value.field == line
