import io

import numpy as np
import pytest
import qrcode
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from codes import qr, qr_images
from codes.errors import CodeError
from codes.qr_segments import segments
from codes.signing import SeedSigner, sign_path

URI_TEXT = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=150)


def read(picture: bytes) -> str:
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    return found.text


def usual_code(signer: SeedSigner) -> str:
    return sign_path("/01/09506000134352/21/7K2M9QX4TR8WA", signer, domain="id.example.com")


def test_a_usual_signed_code_is_version_7_at_level_m(signer: SeedSigner) -> None:
    symbol = qr.encode(usual_code(signer))
    assert (symbol.version, symbol.size, symbol.level) == (7, 45, "M")


@pytest.mark.parametrize("level", ["L", "M", "Q", "H"])
def test_another_decoder_reads_what_was_written(level: str, signer: SeedSigner) -> None:
    for text in ["A", "0123456789012345", "héllo 1234567 ABC?", usual_code(signer), "x" * 100]:
        assert read(qr_images.png(qr.encode(text, level), dots=4)) == text


@settings(max_examples=60)
@given(URI_TEXT.filter(bool), st.sampled_from("LMQ"))
def test_any_text_reads_back(text: str, level: str) -> None:
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(qr_images.png(qr.encode(text, level)))))
    assert found.bytes == text.encode()


def test_codes_in_bulk_are_the_codes_one_by_one(signer: SeedSigner) -> None:
    texts = [usual_code(signer), "A", "B" * 60, *(f"HTTPS://A.B/{n}" for n in range(200))]
    together = list(qr.encode_many(texts))
    assert len(together) == len(texts)
    for text, symbol in zip(texts, together, strict=True):
        alone = qr.encode(text)
        assert (symbol.version, symbol.mask) == (alone.version, alone.mask)
        assert np.array_equal(symbol.modules, alone.modules)


def test_modules_are_those_of_the_qrcode_package_for_the_same_mask() -> None:
    text = "HTTPS://EXAMPLE.COM/1"
    symbol = qr.encode(text)
    theirs = qrcode.QRCode(
        version=symbol.version, error_correction=0, border=0, mask_pattern=symbol.mask
    )
    theirs.add_data(text, optimize=0)
    assert np.array_equal(symbol.modules.astype(bool), np.array(theirs.get_matrix()))


def test_mixed_segments_are_shorter_than_bytes_alone(signer: SeedSigner) -> None:
    modes = [segment.mode for segment in segments(usual_code(signer), 7)]
    assert set(modes) >= {"A", "B"}
    assert "".join(segment.text for segment in segments(usual_code(signer), 7)) == usual_code(
        signer
    )


def bit_length(modes: str, text: str, version: int) -> int:
    counts = {"N": 10, "A": 9, "B": 8} if version < 10 else {"N": 12, "A": 11, "B": 16}
    total, at = 0, 0
    while at < len(text):
        end = at
        while end < len(text) and modes[end] == modes[at]:
            end += 1
        n = end - at
        payload = {"N": n // 3 * 10 + (0, 4, 7)[n % 3], "A": n // 2 * 11 + n % 2 * 6, "B": 8 * n}
        total += 4 + counts[modes[at]] + payload[modes[at]]
        at = end
    return total


@given(st.text(alphabet="0123456789AZ/?a", min_size=1, max_size=9))
def test_no_other_choice_of_modes_is_shorter(text: str) -> None:
    allowed = ["NAB" if c.isdigit() else "AB" if c in "AZ/" else "B" for c in text]
    choices = [""]
    for modes in allowed:
        choices = [choice + mode for choice in choices for mode in modes]
    shortest = min(bit_length(choice, text, 7) for choice in choices)
    assert sum(len(segment.bits(7)) for segment in segments(text, 7)) <= shortest + 1


def test_svg_and_terminal_show_the_same_modules(signer: SeedSigner) -> None:
    symbol = qr.encode(usual_code(signer))
    path = qr_images.svg(symbol).decode().split(' d="')[2].split('"')[0]
    drawn = np.zeros((53, 53), dtype=np.uint8)
    for run in path.split("M")[1:]:
        start, _, rest = run.partition("h")
        x, y = map(int, start.split())
        drawn[y, x : x + int(rest.split("v")[0])] = 1
    assert np.array_equal(drawn, qr_images.with_quiet_zone(symbol))
    lines = qr_images.terminal(symbol, quiet_zone=4).split("\n")
    shown = np.array([[" ▄▀█".index(c) for c in line] for line in lines])
    assert np.array_equal(1 - shown // 2, drawn[::2])
    assert np.array_equal((1 - shown % 2)[:-1], drawn[1::2])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(CodeError, match="too long"):
        qr.encode("x" * 400)
    with pytest.raises(CodeError, match="level"):
        qr.encode("x", "Z")
