import csv
import io
import json
import re
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pypdfium2  # type: ignore[import-untyped]
import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter
from typer.testing import CliRunner

from codes import label_files
from codes.errors import CodeError
from codes.jwks import PublicKey
from codes.labels import (
    STOCKS,
    Label,
    arrange,
    data_matrix_labels,
    print_size,
    qr_labels,
)
from codes.logistic_units import signed_ssccs, sscc
from codes.signing import SeedSigner, sign_item, verify
from tracewarden.commands import codes
from tracewarden.commands.keys import app as keys_app

SIZE = print_size(300, 0.34)


def uris(signer: SeedSigner, count: int) -> list[str]:
    return [
        sign_item("09506000134352", f"7K2M9QX4T{n:04}", signer, domain="id.example.com")
        for n in range(count)
    ]


@pytest.fixture
def label(signer: SeedSigner) -> Label:
    return next(qr_labels(uris(signer, 1)))


SYMBOLOGIES = zxingcpp.barcode_formats_from_str("QRCode,DataMatrix")


def read(image: Image.Image) -> list[str]:
    # Of a thousand sheets on one the decoder takes a row of modules for a linear code.
    return [found.text for found in zxingcpp.read_barcodes(image, formats=SYMBOLOGIES)]


def picture(label: Label) -> Image.Image:
    return Image.open(io.BytesIO(label_files.png(label, SIZE))).convert("L")


def test_a_label_says_its_kind_and_reads_back(label: Label) -> None:
    assert label.kind == "QR 7-M"
    assert label.lines == ("(01) 09506000134352", "(21) 7K2M9QX4T0000")
    image = Image.open(io.BytesIO(label_files.png(label, SIZE)))
    assert read(image) == [label.uri]
    assert image.info["dpi"][0] == pytest.approx(300, abs=0.5)


@pytest.mark.parametrize("degrees", [7, 45, 90, 180, 203])
def test_a_turned_label_reads_back(label: Label, degrees: int) -> None:
    turned = picture(label).rotate(
        degrees, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC
    )
    assert read(turned) == [label.uri]


@pytest.mark.parametrize("radius", [1.0, 1.8])
def test_a_blurred_label_reads_back(label: Label, radius: float) -> None:
    assert read(picture(label).filter(ImageFilter.GaussianBlur(radius))) == [label.uri]


@pytest.mark.parametrize("colour", [0, 255])
@pytest.mark.parametrize(("left", "top"), [(14, 2), (16, 16), (4, 20), (30, 24), (20, 30)])
def test_a_label_with_a_tenth_of_its_symbol_damaged_reads_back(
    label: Label, colour: int, left: int, top: int
) -> None:
    width, height = 15, 14
    assert width * height > 0.1 * 45**2
    image = picture(label)
    patch = Image.new("L", (width * SIZE.dots, height * SIZE.dots), colour)
    image.paste(patch, ((4 + left) * SIZE.dots, (4 + top) * SIZE.dots))
    assert read(image) == [label.uri]


def test_a_data_matrix_holds_the_same_uri(signer: SeedSigner) -> None:
    (small,) = data_matrix_labels(uris(signer, 1))
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(label_files.png(small, SIZE))))
    assert [(code.text, code.format) for code in found] == [(small.uri, zxingcpp.DataMatrix)]
    assert len(small.modules) < 53


@pytest.mark.parametrize("stock", sorted(STOCKS))
def test_every_code_of_a_printed_sheet_reads_back(signer: SeedSigner, stock: str) -> None:
    size = print_size(600, 0.254) if stock == "a4-65" else SIZE
    wanted = uris(signer, STOCKS[stock].a_page + 1)
    sheet = label_files.pdf(qr_labels(wanted), size, STOCKS[stock])
    found, pages = codes_on(sheet)
    assert (sorted(found), pages) == (sorted(wanted), 2)


def test_the_same_labels_give_the_same_sheet(signer: SeedSigner) -> None:
    sheets = [label_files.pdf(qr_labels(uris(signer, 3)), SIZE, STOCKS["a4-8"]) for _ in range(2)]
    assert sheets[0] == sheets[1]


def codes_on(sheet: bytes) -> tuple[list[str], int]:
    """All codes that a decoder finds in the pages' pictures, and how many pages there are."""
    document = pypdfium2.PdfDocument(sheet)
    found = [text for page in document for text in read(page.render(scale=300 / 72).to_pil())]
    pages = len(document)
    document.close()
    return found, pages


def test_codes_that_were_issued_and_printed_are_read_from_the_sheets_and_verify_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEWARDEN_KEY_PASSPHRASE", "word")
    run, ring = CliRunner(), tmp_path / "ring"
    assert run.invoke(keys_app, ["new", "--keys", str(ring)]).exit_code == 0
    job = tmp_path / "job.csv"
    order = ["--gtin", "09506000134352", "--count", "50", "--lot", "L1", "--expiry", "2027-12-31"]
    run.invoke(codes.app, ["issue", "--keys", str(ring), *order, "--hidden", "--out", str(job)])
    assert labels(job, "--out", tmp_path / "sheets.pdf")[0] == 0
    found, pages = codes_on((tmp_path / "sheets.pdf").read_bytes())
    assert (len(set(found)), pages) == (50, 3)
    (tmp_path / "read.txt").write_text("\n".join(found))
    verify_read = ["verify", "--keys", str(ring / "jwks.json"), str(tmp_path / "read.txt")]
    answers = [json.loads(line) for line in run.invoke(codes.app, verify_read).stdout.splitlines()]
    assert [answer["signature"] for answer in answers] == ["valid"] * 50
    with job.open(newline="") as file:
        assert {row["uri"] for row in csv.DictReader(file)} == set(found)


def test_zpl_carries_the_very_dots(label: Label) -> None:
    text = label_files.zpl(label, SIZE, (63.5, 38.1)).decode()
    match = re.search(r"\^GFA,(\d+),(\d+),(\d+),([0-9A-F]+)\^FS", text)
    assert match is not None
    packed = np.frombuffer(bytes.fromhex(match[4]), dtype=np.uint8).reshape(-1, int(match[3]))
    dots = 255 * (1 - np.unpackbits(packed, axis=1))
    assert read(Image.fromarray(dots.astype(np.uint8))) == [label.uri]
    assert "^FD(21) 7K2M9QX4T0000^FS" in text


@pytest.mark.parametrize("degrees", [7, 90, 203])
@pytest.mark.parametrize("radius", [0.0, 1.2])
def test_a_data_matrix_reads_back_turned_and_blurred(
    signer: SeedSigner, degrees: int, radius: float
) -> None:
    (small,) = data_matrix_labels(uris(signer, 1))
    turned = picture(small).rotate(
        degrees, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC
    )
    assert read(turned.filter(ImageFilter.GaussianBlur(radius))) == [small.uri]


@pytest.mark.parametrize("colour", [0, 255])
@pytest.mark.parametrize(("left", "top"), [(3, 3), (25, 6), (12, 14), (28, 28)])
def test_a_data_matrix_with_seven_hundredths_of_its_symbol_damaged_reads_back(
    signer: SeedSigner, colour: int, left: int, top: int
) -> None:
    # 56 of its 200 codewords are for correction, so that a tenth in one patch is more than it
    # always bears; QR at level M does.
    (small,) = data_matrix_labels(uris(signer, 1))
    assert 0.07 * (len(small.modules) - 4) ** 2 < 12 * 12
    image = picture(small)
    patch = Image.new("L", (12 * SIZE.dots,) * 2, colour)
    image.paste(patch, ((2 + left) * SIZE.dots, (2 + top) * SIZE.dots))
    assert read(image) == [small.uri]


def drawn(svg: str, dots_per_mm: float) -> Image.Image:
    """The symbol of our SVG, its path followed stroke by stroke: only M, h, v and z are used."""
    root = ElementTree.fromstring(svg)
    width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])
    image = Image.new("L", (round(width * dots_per_mm), round(height * dots_per_mm)), 255)
    path = root.findall("{*}path")[1]
    move = re.fullmatch(
        r"translate\(([\d.]+) ([\d.]+)\) scale\(([\d.]+)\)", path.attrib["transform"]
    )
    assert move is not None
    left, top, scale = map(float, move.groups())
    strokes = re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-(\d+)z", path.attrib["d"])
    assert "".join(f"M{x} {y}h{w}v{h}h-{b}z" for x, y, w, h, b in strokes) == path.attrib["d"]
    for x, y, w, h, _ in (map(int, stroke) for stroke in strokes):
        corners = [left + x * scale, top + y * scale, left + (x + w) * scale, top + (y + h) * scale]
        x0, y0, x1, y1 = (round(corner * dots_per_mm) for corner in corners)
        ImageDraw.Draw(image).rectangle((x0, y0, x1 - 1, y1 - 1), fill=0)
    return image


def test_an_svg_reads_back_as_it_is_drawn(label: Label) -> None:
    text = label_files.svg(label, SIZE, (63.5, 38.1)).decode()
    for dots_per_mm in (SIZE.dots_per_mm, 20.0):
        assert read(drawn(text, dots_per_mm)) == [label.uri]


def test_svg_has_its_printed_size_and_its_text(label: Label) -> None:
    text = label_files.svg(label, SIZE, (63.5, 38.1)).decode()
    assert 'width="63.5mm" height="38.1mm"' in text
    assert "(01) 09506000134352</text>" in text


@pytest.mark.parametrize(
    ("dpi", "wanted", "dots", "module_mm"),
    [
        (203, 0.25, 2, 0.25),
        (300, 0.25, 3, 0.254),
        (600, 0.25, 6, 0.254),
        (203, 0.4, 3, 0.375),
        (203, 0.3, 2, 0.25),
    ],
)
def test_a_module_is_a_whole_number_of_dots(
    dpi: int, wanted: float, dots: int, module_mm: float
) -> None:
    size = print_size(dpi, wanted)
    assert (size.dots, round(size.module_mm, 4)) == (dots, module_mm)


@pytest.mark.parametrize(
    ("dpi", "wanted", "profile"),
    [
        (300, 0.2, "inspection"),
        (203, 0.18, "inspection"),
        (203, 0.39, "pos"),
        (300, 0.34, "pos"),
        (300, 0.3, "?"),
        (0, 0.3, "pos"),
    ],
)
def test_a_module_that_is_too_small_is_refused(dpi: int, wanted: float, profile: str) -> None:
    with pytest.raises(CodeError) as caught:
        print_size(dpi, wanted, profile)
    assert caught.value.type == "label-invalid"


def test_the_point_of_sale_profile_takes_modules_from_0_396_mm() -> None:
    assert print_size(300, 0.4, "pos").dots == 5
    assert print_size(600, 0.396, "pos").dots == 10
    assert print_size(203, 0.4, "pos").module_mm == 0.5


def test_a_label_that_is_too_small_is_refused(label: Label) -> None:
    for area in [(17.0, 17.0), (63.5, 10.0), (19.0, 38.1)]:
        with pytest.raises(CodeError, match="mm"):
            arrange(label, area, SIZE)


@pytest.mark.parametrize("name", sorted(STOCKS))
def test_every_stock_fits_its_page_without_overlap(name: str) -> None:
    stock = STOCKS[name]
    last = stock.place(stock.a_page - 1)
    assert last[0] + stock.label[0] <= stock.page[0]
    assert last[1] + stock.label[1] <= stock.page[1] + 0.01
    assert stock.pitch[0] >= stock.label[0]
    assert stock.pitch[1] >= stock.label[1]


def test_an_sscc_counts_up_and_its_code_verifies(
    signer: SeedSigner, keys: dict[str, PublicKey]
) -> None:
    made = list(islice(signed_ssccs("9506000", 7, signer, domain="b.example"), 3))
    assert [unit[8:17] for unit, _ in made] == ["000000007", "000000008", "000000009"]
    assert all(verify(uri, keys).ok for _, uri in made)
    for prefix, reference in [("95060", -1), ("9506000", 10**9), ("x", 1), ("9" * 13, 1)]:
        with pytest.raises(CodeError):
            sscc(prefix, reference)


@pytest.fixture
def job_file(tmp_path: Path, signer: SeedSigner) -> Path:
    path = tmp_path / "codes.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["index", "uri"])
        rows.writerows(enumerate(uris(signer, 23)))
    return path


def labels(*arguments: str | float | Path) -> tuple[int, str]:
    result = CliRunner().invoke(codes.app, ["labels", *map(str, arguments)])
    return result.exit_code, result.stdout


def test_the_command_prints_sheets_and_says_the_module_size(job_file: Path, tmp_path: Path) -> None:
    code, said = labels(job_file, "--out", tmp_path / "l.pdf", "--dpi", 300, "--module-mm", 0.34)
    assert code == 0
    assert json.loads(said) == {
        "labels": 23,
        "symbols": {"QR 7-M": 23},
        "module_mm": 0.3387,
        "dots_per_module": 4,
        "symbol_mm": 17.95,
        "pages": 2,
    }


@pytest.mark.parametrize("form", ["png", "svg"])
def test_the_command_makes_a_file_a_label(job_file: Path, tmp_path: Path, form: str) -> None:
    arguments = ["--format", form, "--first", "20", "--count", "5", "--symbology", "datamatrix"]
    code, said = labels(job_file, "--out", tmp_path / "many", *arguments)
    assert (code, json.loads(said)["labels"]) == (0, 3)
    assert len(list((tmp_path / "many").glob(f"*.{form}"))) == 3


def test_the_command_writes_zpl(job_file: Path, tmp_path: Path) -> None:
    assert labels(job_file, "--out", tmp_path / "l.zpl", "--dpi", "203")[0] == 0
    assert (tmp_path / "l.zpl").read_text().count("^XZ") == 23


@pytest.mark.parametrize(
    "wrong",
    [
        ["--stock", "x"],
        ["--level", "Z"],
        ["--symbology", "x"],
        ["--module-mm", "0.1"],
        ["--stock", "a4-65", "--module-mm", "1"],
        ["--first", "99"],
        ["--first", "-1"],
        ["--column", "x"],
    ],
)
def test_the_command_refuses_what_it_cannot_print(
    job_file: Path, tmp_path: Path, wrong: list[str]
) -> None:
    assert labels(job_file, "--out", tmp_path / "l.pdf", *wrong) == (2, "")
    assert not (tmp_path / "l.pdf").exists()


@pytest.mark.parametrize("name", ["l.png", "l.SVG"])
def test_a_picture_is_no_name_for_a_folder_of_pictures(
    job_file: Path, tmp_path: Path, name: str
) -> None:
    assert labels(job_file, "--out", tmp_path / name) == (2, "")
    assert not (tmp_path / name).exists()
