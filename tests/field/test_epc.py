"""What a scanner sends names the same case, item or place in the browser as in Python."""

import json
import subprocess
from pathlib import Path

from api.field.dictionary import dictionary_json
from codes import element_strings
from codes.epc import canonical_epc
from tests.api.world import GTIN

PROGRAM = Path(__file__).with_name("epc_lines.mjs")
SSCC, GLN = "395060000010000082", "9506000100067"
FNC1 = element_strings.FNC1
ITEM = f"https://id.gs1.org/01/{GTIN}/21/A%2FB"
CASE = f"https://id.gs1.org/00/{SSCC}"


def named(texts: list[str]) -> list[list[str | None]]:
    lines = dictionary_json().decode() + "\n" + "\n".join(json.dumps(text) for text in texts)
    done = subprocess.run(
        ["node", str(PROGRAM)], input=lines + "\n", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_way_of_writing_a_unit_names_it() -> None:
    elements = [("17", "271231"), ("10", "L1"), ("21", "A/B"), ("01", GTIN)]
    texts = {
        SSCC: CASE,
        f" {SSCC}\r": CASE,
        f"00{SSCC}": CASE,
        f"]C100{SSCC}": CASE,
        f"{FNC1}00{SSCC}": CASE,
        f"(00){SSCC}": CASE,
        f"HTTPS://B.EXAMPLE/00/{SSCC}?TW=x": CASE,
        element_strings.build(elements): ITEM,
        f"(01){GTIN} (10)L1 (21)A/B": ITEM,
        f"https://b.example/stem/01/{GTIN}/10/L1/21/A%2FB?17=271231": ITEM,
    }
    assert [unit for unit, _ in named(list(texts))] == list(texts.values())
    assert {canonical_epc(uri) for uri in texts.values()} == set(texts.values())


def test_what_names_no_unit_names_none() -> None:
    texts = [
        "", "hello", SSCC[:-1] + "3", f"00{SSCC}9", f"01{GTIN}", f"(01){GTIN}(10)L1", "(00)12",
        f"01{GTIN[:-1]}321A1", f"https://b.example/01/{GTIN}", "https://b.example/", "00", "]C1",
    ]
    assert [unit for unit, _ in named(texts)] == [None] * len(texts)


def test_a_place_is_read_from_its_code() -> None:
    texts = [f"414{GLN}", f"(417){GLN}", f"https://b.example/414/{GLN}", "4149506000100068", SSCC]
    assert [gln for _, gln in named(texts)] == [GLN, GLN, GLN, None, None]
