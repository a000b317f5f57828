"""Labels as files: PNG in printer dots, SVG and PDF in millimetres, ZPL for label printers."""

from collections.abc import Iterable
from functools import lru_cache
from io import BytesIO
from itertools import count
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from codes.labels import Arrangement, Label, PrintSize, Stock, arrange, natural_size
from codes.modules import Modules, png_of, runs, svg_path

_POINTS_PER_MM = 72 / 25.4
_PDF_FONT = "Courier"

Area = tuple[float, float]
"""A label's width and height in millimetres."""


@lru_cache(maxsize=16)
def _font(pixels: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(pixels)


def _dots(length_mm: float, size: PrintSize) -> int:
    return round(length_mm * size.dots_per_mm)


def _enlarged(modules: Modules, dots: int) -> Modules:
    return modules.repeat(dots, axis=0).repeat(dots, axis=1)


@lru_cache(maxsize=1024)
def _line(text: str, pixels: int) -> Modules:
    """A line of text in dots, its baseline ``pixels`` below the top."""
    font = _font(pixels)
    image = Image.new("1", (round(font.getlength(text)) + 2, round(pixels * 1.3)), 0)
    ImageDraw.Draw(image).text((0, pixels), text, fill=1, font=font, anchor="ls")
    return np.asarray(image, dtype=np.uint8)


def _paste(canvas: Modules, part: Modules, left: int, top: int) -> None:
    """``part`` onto ``canvas``; what stands out of it is cut off."""
    place = canvas[top : top + part.shape[0], left : left + part.shape[1]]
    place |= part[: place.shape[0], : place.shape[1]]


def pixels(label: Label, size: PrintSize, area: Area | None = None) -> Modules:
    """The label in printer dots, 1 where it is black."""
    used = area or natural_size(label, size)
    plan = arrange(label, used, size)
    symbol = _enlarged(label.modules, size.dots)
    canvas = np.zeros((max(_dots(used[1], size), len(symbol)), _dots(used[0], size)), np.uint8)
    _paste(canvas, symbol, 0, _dots(plan.symbol[1], size))
    text_dots = max(6, _dots(plan.text_size, size))
    for x, y, line in plan.lines:
        _paste(canvas, _line(line, text_dots), _dots(x, size), max(0, _dots(y, size) - text_dots))
    return canvas


def png(label: Label, size: PrintSize, area: Area | None = None) -> bytes:
    """The label as a PNG of one bit a dot that says its resolution."""
    return png_of(pixels(label, size, area), dots_per_mm=size.dots_per_mm)


def svg(label: Label, size: PrintSize, area: Area | None = None) -> bytes:
    """The label as an SVG of its printed size."""
    width, height = area or natural_size(label, size)
    plan = arrange(label, (width, height), size)
    texts = "".join(
        f'<text x="{x:.3f}" y="{y:.3f}">{escape(line)}</text>' for x, y, line in plan.lines
    )
    module = size.module_mm
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm" '
        f'viewBox="0 0 {width:g} {height:g}"><path fill="#fff" d="M0 0h{width:g}v{height:g}H0z"/>'
        f'<path transform="translate(0 {plan.symbol[1]:.4f}) scale({module:.5f})" '
        f'd="{svg_path(label.modules)}"/>'
        f'<g font-family="monospace" font-size="{plan.text_size:.3f}">{texts}</g></svg>\n'
    ).encode()


def zpl(label: Label, size: PrintSize, area: Area | None = None) -> bytes:
    """The label for a ZPL printer, its symbol as the very dots that we laid out.

    A printer's own QR command would choose segments and version by itself.
    """
    used = area or natural_size(label, size)
    plan = arrange(label, used, size)
    packed = np.packbits(_enlarged(label.modules, size.dots), axis=1)
    text_dots = _dots(plan.text_size, size)
    lines = "".join(
        f"^FO{_dots(x, size)},{_dots(y, size) - text_dots}"
        f"^A0N,{text_dots},{round(text_dots * 0.9)}^FD{line}^FS\n"
        for x, y, line in plan.lines
    )
    return (
        f"^XA\n^CI28\n^PW{_dots(used[0], size)}\n^LL{_dots(used[1], size)}\n"
        f"^FO0,{_dots(plan.symbol[1], size)}"
        f"^GFA,{packed.size},{packed.size},{packed.shape[1]},{packed.tobytes().hex().upper()}^FS\n"
        f"{lines}^XZ\n"
    ).encode()


def _draw(canvas: Canvas, label: Label, corner: tuple[float, float], plan: Arrangement) -> None:
    """One label at ``corner`` (millimetres from the page's upper left)."""
    page_height = canvas._pagesize[1] / _POINTS_PER_MM
    left, top = corner
    module: float = plan.symbol_side / len(label.modules)
    path = canvas.beginPath()
    for column, row, length in runs(label.modules):
        path.rect(
            (left + plan.symbol[0] + column * module) * _POINTS_PER_MM,
            (page_height - top - plan.symbol[1] - (row + 1) * module) * _POINTS_PER_MM,
            length * module * _POINTS_PER_MM,
            module * _POINTS_PER_MM,
        )
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.setFont(_PDF_FONT, plan.text_size * _POINTS_PER_MM)
    for x, y, line in plan.lines:
        canvas.drawString(
            (left + x) * _POINTS_PER_MM, (page_height - top - y) * _POINTS_PER_MM, line
        )


def pdf(labels: Iterable[Label], size: PrintSize, stock: Stock) -> bytes:
    """Sheets of labels as a PDF; the same labels give the same bytes.

    Raises:
        CodeError: a label is too small for its symbol.
    """
    output = BytesIO()
    page = (stock.page[0] * _POINTS_PER_MM, stock.page[1] * _POINTS_PER_MM)
    canvas = Canvas(output, pagesize=page, invariant=1, pageCompression=1)
    for number, label in zip(count(), labels, strict=False):
        if number and number % stock.a_page == 0:
            canvas.showPage()
        corner = stock.place(number % stock.a_page)
        _draw(canvas, label, corner, arrange(label, stock.label, size))
    canvas.save()
    return output.getvalue()
