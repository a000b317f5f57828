"""The pages' verification in JavaScript says what ``codes verify`` says, case by case."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.field.dictionary import dictionary_json
from codes.application_identifiers import TABLE
from codes.digital_link import build
from codes.elements import is_valid
from codes.errors import CodeError
from codes.jwks import PublicKey, dump_jwks, load_jwks
from codes.linters import LINTERS
from codes.signing import SeedSigner, sign_path, verify_any
from tests.api.world import GTIN, NOW

PROGRAM = Path(__file__).with_name("verify_lines.mjs")
SIGNER, REVOKED, STRANGER = (
    SeedSigner(key_id, bytes([number]) * 32) for number, key_id in enumerate(("K1", "K-2", "X9"), 1)
)
JWKS = dump_jwks(
    [
        PublicKey("K1", SIGNER.public_bytes()),
        PublicKey("K-2", REVOKED.public_bytes(), revoked_at=NOW),
    ]
)
SSCC = "395060000010000082"
NOT_PORTED = {"couponcode", "couponposoffer"}
"""Checks of coupon codes, which the pages do not judge."""


def signed(path: str, signer: SeedSigner = SIGNER) -> str:
    return sign_path(path, signer, domain="id.brand.example")


ITEM = signed(f"/01/{GTIN}/21/7K2M9QX4TR8WA")
LOT = signed(f"/01/{GTIN}/10/L%2F1/21/A%2BB%21?17=271231&3103=000250")
TOKEN = ITEM.partition("TW=")[2]
LOT_TOKEN = LOT.partition("TW=")[2]
CASES = [
    ITEM,
    LOT,
    signed(f"/00/{SSCC}"),
    signed("/414/9506000100067/254/x%2A%28y%29%27"),
    signed(f"/01/{GTIN}/21/A1", REVOKED),
    signed(f"/01/{GTIN}/21/A1", STRANGER),
    f"https://other.example:8443/a/stem/01/{GTIN}/21/7K2M9QX4TR8WA?utm=1&TW={TOKEN}#top",
    ITEM.replace("HTTPS://ID.BRAND.EXAMPLE", "http://10.0.0.1"),
    ITEM.replace("HTTPS", "Https"),
    ITEM.replace("?TW=", "?T%57="),
    ITEM + "&from=singlemessage&isappinstalled=0",
    ITEM + "&TW=" + TOKEN,
    ITEM + "&t=1&TW",
    ITEM[:-1] + ("A" if ITEM[-1] != "A" else "I"),
    ITEM[:-1] + "B",
    ITEM[:-1],
    ITEM.lower(),
    ITEM.replace("7K2M", "7k2m"),
    ITEM.replace("7K2M", "%37K2M"),
    ITEM.replace("/21/", "/21//"),
    ITEM.replace(GTIN, "09506000134353"),
    ITEM + "&17=271231",
    ITEM + "&10=L1",
    ITEM + "&21=A1",
    ITEM.partition("?")[0],
    f"https://id.gs1.org/01/{GTIN}",
    f"https://b.example/01/{GTIN}/10/L%2f1/21/A%2bB!?3103=000250&17=271231&TW={LOT_TOKEN}",
    f"https://b.example/01/{GTIN}/10/L%2F1/21/A+B!?3103=000250&17=271231&TW={LOT_TOKEN}",
    f"https://b.example/01/{GTIN}/10/L%2F1/21/A%2BB%21?17=271231&TW={LOT_TOKEN}",
    f"https://b.example/01/{GTIN}/10/L%2F1/21/A%2BB%21?17=271232&3103=000250&TW={LOT_TOKEN}",
    f"https://b.example/01/{GTIN}/21/A1?9999=1&TW={TOKEN}",
    f"https://b.example/01/{GTIN}/21/A1?TW={TOKEN}&17=271231&17=271231",
    f"https://b.example/gtin/{GTIN}/ser/A1?TW={TOKEN}",
    f"https://b.example/?TW={TOKEN}",
    f"mailto:a@b.example?TW={TOKEN}",
    f"https://b.example/01/{GTIN}/21/中?TW={TOKEN}",
    f"https://b.example/01/{GTIN}/21/A%E4?TW={TOKEN}",
    f"https://b.example/01/{GTIN}/21/A%?TW={TOKEN}",
    f"https://b.example/01/{GTIN}/21/A%2?TW=K1.{'A' * 103}",
    f"https://b.example/8006/{GTIN}0102/21/A1?TW=K1.{'A' * 103}",
    f"https://b.example/8013/1987654Ad4X4bL5ttr2310c2K?TW=K1.{'A' * 103}",
    "",
    "hello",
    "https://b.example",
    "TW=",
    "?TW=K1",
]


def in_javascript(uris: list[str]) -> list[dict[str, Any]]:
    """What the pages' code says of each URI, by WebCrypto, after checking the library's word."""
    head = {"dictionary": json.loads(dictionary_json()), "jwks": json.loads(JWKS)}
    lines = "\n".join(json.dumps(value) for value in [head, *uris]) + "\n"
    done = subprocess.run(
        ["node", str(PROGRAM)], input=lines, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == len(uris)
    for uri, one in zip(uris, told, strict=True):
        assert one["webcrypto"] == one["library"] == one["without"], uri
    return [one["webcrypto"] for one in told]


def in_python(uri: str) -> dict[str, Any]:
    found, error = verify_any(uri, load_jwks(JWKS))
    told: dict[str, Any] = msgspec.to_builtins(found)
    del told["uri"]
    return told | {"parsed": error is None}


def assert_alike(uris: list[str]) -> None:
    for uri, told in zip(uris, in_javascript(uris), strict=True):
        assert told == in_python(uri), uri


def test_each_kind_of_code_is_worth_the_same_in_the_browser() -> None:
    verdicts = {in_python(uri)["signature"] for uri in CASES}
    assert verdicts == {"valid", "invalid", "unknown-key", "revoked-key", "absent"}
    assert sum(in_python(uri)["ok"] for uri in CASES) >= 8
    assert_alike(CASES)


@pytest.mark.parametrize("seed", [1, 2])
def test_codes_that_were_changed_anywhere_are_worth_the_same(seed: int) -> None:
    chance = random.Random(seed)
    alphabet = "AZaz09%/?&=+#-._~:!'()*; 中\x00[]@"
    changed = []
    for _ in range(1500):
        uri = chance.choice(CASES)
        for _ in range(chance.randint(1, 3)):
            at = chance.randint(0, len(uri))
            kept = at + chance.randint(0, 2)
            uri = uri[:at] + chance.choice(alphabet) * chance.randint(0, 1) + uri[kept:]
        changed.append(uri)
    assert_alike(changed)


def candidates(chance: random.Random, ai: str) -> list[str]:
    """Values around what an AI allows: digits, dates, codes of its lists, too short, too long."""
    entry = TABLE[ai]
    parts = [
        "", "0" * entry.shortest, "1" * entry.longest, "9" * (entry.longest + 1), "276", "978",
        "DE", "09506000134352", "9506000100067", "260229", "240229", "20240229", "2360", "1", "0",
        "BE71096123456769", "1/2", "2/1", "0102", "%zz", "%20x", "AB=", "ABC=", "-", "2359",
        "1987654Ad4X4bL5ttr2310c2K", "4B", "05", "ZZ",
    ]
    for _ in range(8):
        size = chance.randint(entry.shortest, entry.longest)
        parts.append("".join(chance.choice("0123456789") for _ in range(size)))
    return parts


def test_the_values_of_every_ai_are_judged_alike() -> None:
    chance = random.Random(3)
    used = {name for entry in TABLE.values() for part in entry.components for name in part.linters}
    assert used <= set(LINTERS)
    uris = []
    for ai, entry in TABLE.items():
        linters = {name for part in entry.components for name in part.linters}
        if linters & NOT_PORTED:
            continue
        uris += [_uri_with(ai, value) for value in candidates(chance, ai)]
    found = [in_python(uri)["parsed"] for uri in uris]
    assert any(found)
    assert not all(found)
    assert_alike(uris)


def _uri_with(ai: str, value: str) -> str:
    """A URI that has the value as its key's or qualifier's or as an attribute, valid or not."""
    entry = TABLE[ai]
    if entry.sequences:
        sequence = min(entry.sequences, key=len)
        return f"https://b.example/{ai}/{_encoded(value)}" + "".join(
            f"/{name}/1" for name in sequence[1:]
        )
    owner = next((s for e in TABLE.values() for s in sorted(e.sequences) if ai in s[1:]), None)
    if owner is not None and is_valid("01", GTIN) and owner[0] == "01":
        return f"https://b.example/01/{GTIN}/{ai}/{_encoded(value)}"
    return f"https://b.example/01/{GTIN}/21/A1?{ai}={_encoded(value)}"


def _encoded(value: str) -> str:
    try:
        return build([("01", GTIN), ("21", value)]).rpartition("/")[2]
    except CodeError:
        return value.replace("%", "%25")
