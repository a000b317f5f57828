"""The report as one HTML page: no script, nothing from elsewhere, the map as SVG."""

from collections.abc import Iterable, Sequence
from html import escape

from evidence.report import Map, Report, Section, Table
from evidence.report_map import Frame, frame_of

MAP_WIDTH = 760.0
TALLEST_MAP = 560.0

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.6 "Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei",
  system-ui, sans-serif; color: #1b2330; background: #fff; max-width: 50rem; margin: 0 auto;
  padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.25; margin: 2rem 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; padding-top: .6rem;
  border-top: 1px solid #d9dee6; }
.sub { color: #566072; margin: 0 0 1rem; overflow-wrap: anywhere; }
nav { float: right; } nav a { color: #17559c; }
p, li { overflow-wrap: anywhere; } li { margin: .3rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .86rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem .4rem 0;
  border-bottom: 1px solid #e6e9ef; overflow-wrap: anywhere; }
th { color: #566072; font-weight: 600; white-space: nowrap; }
td:first-child { white-space: nowrap; }
figure { margin: 1rem 0; } svg { width: 100%; height: auto; border: 1px solid #d9dee6; }
figcaption { color: #566072; font-size: .86rem; }
.key { display: inline-block; width: .9em; height: .9em; margin: 0 .35em 0 1em;
  vertical-align: -.1em; border: 1px solid; }
article + article { margin-top: 4rem; border-top: 4px solid #1b2330; }
@media print { body { max-width: none; padding: 0; } article + article { break-before: page; } }
"""
AUTHORISED, OUTLINE, DOT = "#2f7d5b", "#8a94a6", "#b3261e"


def html(reports: Sequence[Report]) -> bytes:
    """The page, with the report in each language behind one another."""
    title = escape(reports[0].title)
    articles = "".join(_article(report, reports) for report in reports)
    page = (
        f'<!doctype html>\n<html lang="{_language(reports[0])}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{articles}</body>\n"
        "</html>\n"
    )
    return page.encode()


def _language(report: Report) -> str:
    return "zh-Hans" if report.language == "zh" else "en"


def _article(report: Report, reports: Sequence[Report]) -> str:
    names = {"en": "English", "zh": "中文"}
    others = "".join(
        f'<a href="#{one.language}">{names[one.language]}</a>' for one in reports if one != report
    )
    body = "".join(_section(section) for section in report.sections)
    return (
        f'<article id="{report.language}" lang="{_language(report)}">\n<nav>{others}</nav>\n'
        f'<h1>{escape(report.title)}</h1>\n<p class="sub">{escape(report.subtitle)}</p>\n'
        f"{body}</article>\n"
    )


def _section(section: Section) -> str:
    parts = [f"<section>\n<h2>{escape(section.title)}</h2>\n"]
    parts += [f"<p>{escape(text)}</p>\n" for text in section.paragraphs]
    if section.points:
        parts.append(f"<ul>{_each('li', section.points)}</ul>\n")
    if section.map is not None:
        parts.append(_figure(section.map))
    if section.table is not None:
        parts.append(_table(section.table))
    return "".join(parts) + "</section>\n"


def _table(table: Table) -> str:
    rows = "".join(f"<tr>{_each('td', row)}</tr>\n" for row in table.rows)
    return (
        f"<table>\n<thead><tr>{_each('th', table.head)}</tr></thead>\n"
        f"<tbody>\n{rows}</tbody>\n</table>\n"
    )


def _each(tag: str, texts: Iterable[str]) -> str:
    return "".join(f"<{tag}>{escape(text)}</{tag}>" for text in texts)


def _figure(map: Map) -> str:
    frame = frame_of(map, MAP_WIDTH, tallest=TALLEST_MAP)
    if frame is None:
        return f"<p>{escape(map.about)}</p>\n"
    keys = "".join(
        f'<span class="key" style="background:{colour}33;border-color:{colour}"></span>'
        f"{escape(words)}"
        for colour, words in zip((AUTHORISED, OUTLINE, DOT), map.legend, strict=True)
    )
    return (
        f"<figure>\n{svg(map, frame)}\n<figcaption>{keys}<br>{escape(map.about)}</figcaption>\n"
        "</figure>\n"
    )


def svg(map: Map, frame: Frame) -> str:
    """The map as SVG."""
    drawn = [_shape(shape.rings, shape.kind, shape.name, frame) for shape in map.shapes]
    for dot in map.dots:
        x, y = frame.place(dot.lon, dot.lat)
        radius = max(frame.length(dot.radius_m), 4)
        drawn.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{DOT}" fill-opacity=".15" '
            f'stroke="{DOT}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{DOT}"/>'
            f'<text x="{x + 6:.1f}" y="{y - 6:.1f}" font-size="13" fill="#1b2330" stroke="#fff" '
            f'stroke-width="3" paint-order="stroke">{dot.number}</text>'
        )
    length, words = frame.bar()
    at = frame.height - 14
    drawn.append(
        f'<path d="M14 {at - 5:.1f}V{at:.1f}H{14 + length:.1f}V{at - 5:.1f}" fill="none" '
        f'stroke="#1b2330"/><text x="18" y="{at - 8:.1f}" font-size="12">{words}</text>'
    )
    return (
        f'<svg viewBox="0 0 {frame.width:.0f} {frame.height:.0f}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(drawn)}</svg>'
    )


def _shape(
    rings: Sequence[Sequence[tuple[float, float]]], kind: str, name: str, frame: Frame
) -> str:
    paths = []
    for ring in rings:
        points = [frame.place(lon, lat) for lon, lat in ring]
        paths.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z")
    fill = f'fill="{AUTHORISED}" fill-opacity=".18"' if kind == "authorised" else 'fill="none"'
    stroke = AUTHORISED if kind == "authorised" else OUTLINE
    width = "1.4" if kind == "authorised" else ".7"
    title = f"<title>{escape(name)}</title>" if name else ""
    return (
        f'<path d="{"".join(paths)}" {fill} fill-rule="evenodd" stroke="{stroke}" '
        f'stroke-width="{width}">{title}</path>'
    )
