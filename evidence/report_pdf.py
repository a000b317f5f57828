"""The report as a PDF, with the glyphs that it uses embedded: Noto Sans SC, subset by reportlab."""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Circle, Drawing, Group, Line, String  # type: ignore[import-untyped]
from reportlab.graphics.shapes import Path as Outline
from reportlab.lib.colors import HexColor, white  # type: ignore[import-untyped]
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]
from reportlab.platypus import (  # type: ignore[import-untyped]
    ListFlowable,
    LongTable,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)

from evidence.errors import EvidenceError
from evidence.report import Map, Report, Section, Table
from evidence.report_html import AUTHORISED, DOT, OUTLINE
from evidence.report_map import Frame, frame_of

FONT = Path(__file__).with_name("fonts") / "NotoSansSC-Regular.ttf"
NAME = "NotoSansSC"
MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN - 12
"""Between the margins and the frame's own padding, in points."""
TALLEST_MAP = 120 * mm
INK, SOFT, RULE = HexColor("#1b2330"), HexColor("#566072"), HexColor("#d9dee6")


class FontMissingError(EvidenceError):
    """The font that the report is set in was not installed."""

    type = "report-font-missing"


@cache
def _register() -> None:
    if not FONT.is_file():
        raise FontMissingError(f"{FONT} is missing: run make install")
    pdfmetrics.registerFont(TTFont(NAME, str(FONT)))


def pdf(reports: Sequence[Report]) -> bytes:
    """The document, with the report in each language behind one another; the same input gives the
    same bytes.

    Raises:
        FontMissingError: the font is not there.
    """
    _register()
    story: list[Any] = []
    for report in reports:
        story += [PageBreak()] if story else []
        story += _report(report)
    buffer = BytesIO()
    document = SimpleDocTemplate(
        buffer, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN,
        bottomMargin=MARGIN, title=reports[0].title, author="Tracewarden", invariant=1,
    )  # fmt: skip
    document.build(story, onFirstPage=_foot, onLaterPages=_foot)
    return buffer.getvalue()


def _foot(canvas: Any, _document: Any) -> None:
    canvas.setFont(NAME, 8)
    canvas.setFillColor(SOFT)
    canvas.drawRightString(A4[0] - MARGIN, MARGIN / 2, str(canvas.getPageNumber()))


def _style(size: float, **more: Any) -> ParagraphStyle:
    # CJK wrapping breaks anywhere, which Chinese text and long hashes both need.
    looks = {"fontName": NAME, "fontSize": size, "leading": size * 1.5, "textColor": INK} | more
    return ParagraphStyle(f"s{size}", **looks)


def _report(report: Report) -> list[Any]:
    wrap = "CJK" if report.language == "zh" else None
    found: list[Any] = [
        Paragraph(escape(report.title), _style(20, spaceAfter=2, wordWrap=wrap)),
        Paragraph(escape(report.subtitle), _style(9, textColor=SOFT, wordWrap="CJK")),
    ]
    for section in report.sections:
        found += _section(section, wrap)
    return found


def _section(section: Section, wrap: str | None) -> list[Any]:
    body = _style(10, wordWrap=wrap, spaceAfter=4)
    heading = _style(13, spaceBefore=12, spaceAfter=4, keepWithNext=1, wordWrap=wrap)
    found: list[Any] = [Paragraph(escape(section.title), heading)]
    found += [Paragraph(escape(text), body) for text in section.paragraphs]
    if section.points:
        items = [Paragraph(escape(text), body) for text in section.points]
        found.append(ListFlowable(items, bulletType="bullet", start="•", leftIndent=12))
    if section.map is not None:
        found += _map(section.map, wrap)
    if section.table is not None:
        found += [Spacer(1, 4), _table(section.table, wrap)]
    return found


def _table(table: Table, wrap: str | None) -> Any:
    head, cell = _style(8, textColor=SOFT, wordWrap=wrap), _style(8, wordWrap="CJK")
    plain = _style(8, wordWrap=wrap)
    rows = [[Paragraph(escape(text), head) for text in table.head]]
    rows += [
        [Paragraph(escape(text), plain if " " in text else cell) for text in row]
        for row in table.rows
    ]
    style = TableStyle([
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
        ("LEFTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ])  # fmt: skip
    return LongTable(rows, colWidths=_widths(table), repeatRows=1, style=style)


def _widths(table: Table) -> list[float]:
    """Columns as wide as their longest text asks for, within bounds."""
    columns = zip(table.head, *table.rows, strict=True)
    wishes = [min(max(max(map(len, column)), 7), 46) for column in columns]
    return [WIDTH * wish / sum(wishes) for wish in wishes]


def _map(map: Map, wrap: str | None) -> list[Any]:
    small = _style(8.5, textColor=SOFT, wordWrap=wrap, spaceAfter=4)
    frame = frame_of(map, WIDTH, tallest=TALLEST_MAP)
    if frame is None:
        return [Paragraph(escape(map.about), small)]
    marks = zip((AUTHORISED, OUTLINE, DOT), map.legend, strict=True)
    legend = "&nbsp;&nbsp;&nbsp;".join(
        f'<font color="{colour}">■</font> {escape(words)}' for colour, words in marks
    )
    return [
        Spacer(1, 4),
        _drawing(map, frame),
        Paragraph(legend, small),
        Paragraph(escape(map.about), small),
    ]


def _drawing(map: Map, frame: Frame) -> Drawing:
    drawing = Drawing(frame.width, frame.height)
    shapes = Group()
    for shape in map.shapes:
        is_own = shape.kind == "authorised"
        outline = Outline(
            fillColor=HexColor(AUTHORISED) if is_own else None,
            fillOpacity=0.18 if is_own else None,
            strokeColor=HexColor(AUTHORISED if is_own else OUTLINE),
            strokeWidth=1.0 if is_own else 0.4,
        )
        outline.isClipPath = 0
        for ring in shape.rings:
            for number, (lon, lat) in enumerate(ring):
                x, y = _place(frame, lon, lat)
                (outline.lineTo if number else outline.moveTo)(x, y)
            outline.closePath()
        shapes.add(outline)
    drawing.add(_clip(frame))
    drawing.add(shapes)
    for dot in map.dots:
        x, y = _place(frame, dot.lon, dot.lat)
        red, radius = HexColor(DOT), max(frame.length(dot.radius_m), 3)
        drawing.add(Circle(x, y, radius, fillColor=red, fillOpacity=0.15, strokeColor=red))
        drawing.add(Circle(x, y, 2, fillColor=red, strokeColor=None))
        drawing.add(String(x + 4, y + 4, str(dot.number), fontName=NAME, fontSize=8, fillColor=INK))
    _add_bar(drawing, frame)
    return drawing


def _place(frame: Frame, lon: float, lat: float) -> tuple[float, float]:
    x, y = frame.place(lon, lat)
    return x, frame.height - y


def _clip(frame: Frame) -> Outline:
    clip = Outline(isClipPath=1, fillColor=white, strokeColor=RULE)
    clip.moveTo(0, 0)
    for x, y in ((frame.width, 0), (frame.width, frame.height), (0, frame.height)):
        clip.lineTo(x, y)
    clip.closePath()
    return clip


def _add_bar(drawing: Drawing, frame: Frame) -> None:
    length, words = frame.bar()
    drawing.add(Line(8, 8, 8 + length, 8, strokeColor=INK))
    drawing.add(String(10, 12, words, fontName=NAME, fontSize=8, fillColor=INK))
