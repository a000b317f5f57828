import subprocess
import sys

from hypothesis import example, given
from hypothesis import strategies as st

from tests.codes.parsers import STARTS, feed

NEAR = st.lists(
    st.sampled_from(
        [b"/", b"?", b"&", b"=", b"#", b"%", b"%4", b"%41", b"+", b":", b"\x1d", b"(", b")", b"01",
         b"21", b"8110", b"09506000134352", b"https://a", b"TW=", b"K1.", b"\0", "ä".encode(),
         "٣".encode(), b"\xff", b"ssh-ed25519 AAAA", b'{"keys":[', b"-", b" "]
    ),
    max_size=12,
).map(b"".join)  # fmt: skip
ANY = st.one_of(st.binary(max_size=200), NEAR)


@given(st.integers(0, len(STARTS) - 1), ANY)
@example(0, b"")
@example(1, b"%ed%a0%80")
@example(4, b"A" * 200)
@example(0, b'{"keys":' + b"[" * 5000)
@example(0, b'{"format":"tracewarden-sealed/1","cost":2,"salt":"","nonce":"","box":""}')
def test_any_bytes_into_any_parser_raise_the_rooms_error_and_nothing_else(
    start: int, raw: bytes
) -> None:
    feed(bytes([start]) + raw)
    feed(raw)


def test_the_fuzzer_guided_by_coverage_finds_nothing_in_a_moment() -> None:
    command = [sys.executable, "-m", "tests.codes.fuzz_parsers", "-runs=3000", "-seed=1"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    assert "Done 3000 runs" in result.stderr
