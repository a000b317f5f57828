"""Labels: how large a module is in whole printer dots, and where symbol and text stand.

All lengths are millimetres, measured from the label's upper left corner. The smallest module is
0.25 mm; ``pos`` is GS1's 0.396 mm for symbols that are read at a point of sale.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codes import data_matrix, qr
from codes.digital_link import parse
from codes.errors import CodeError
from codes.modules import Modules, padded
from codes.qr_images import with_quiet_zone

MODULE_MM_MIN = {"inspection": 0.25, "pos": 0.396}
"""The smallest module of each profile."""

_DOTS_PER_MM = {203: 8.0, 300: 300 / 25.4, 600: 600 / 25.4}
_TEXT_MM_MIN, _TEXT_MM_MAX = 1.0, 3.0
_LINE_SPACING = 1.25
_CHARACTER_WIDTH = 0.6
_TEXT_GAP_MM = 1.0


def _refused(detail: str, field: str) -> CodeError:
    return CodeError(detail, field=field, type="label-invalid")


@dataclass(frozen=True, slots=True)
class PrintSize:
    """A module on a printer: so many whole dots, and what that is in millimetres."""

    dots_per_mm: float
    dots: int

    @property
    def module_mm(self) -> float:
        """The side of a module as it will be printed."""
        return self.dots / self.dots_per_mm


def print_size(dpi: int, module_mm: float, profile: str = "inspection") -> PrintSize:
    """The nearest size in whole dots to a module of ``module_mm``, not under the profile's least.

    Raises:
        CodeError: ``label-invalid``: the profile is unknown, or the module would be too small.
    """
    if profile not in MODULE_MM_MIN:
        raise _refused(f"a profile is one of {', '.join(MODULE_MM_MIN)}", "profile")
    if not (50 <= dpi <= 5000 and 0 < module_mm <= 50):
        raise _refused("a printer has 50 to 5000 dpi, a module up to 50 mm", "dpi")
    dots_per_mm = _DOTS_PER_MM.get(dpi, dpi / 25.4)
    smallest = MODULE_MM_MIN[profile]
    if module_mm < smallest - 1e-9:
        raise _refused(f"a module of {module_mm:g} mm is under {smallest} mm", "module_mm")
    size = PrintSize(dots_per_mm, max(1, round(module_mm * dots_per_mm)))
    if size.module_mm < smallest - 1e-9:
        return PrintSize(dots_per_mm, size.dots + 1)
    return size


@dataclass(frozen=True, slots=True)
class Stock:
    """A sheet of labels, in millimetres."""

    page: tuple[float, float]
    label: tuple[float, float]
    columns: int
    rows: int
    corner: tuple[float, float]
    pitch: tuple[float, float]

    @property
    def a_page(self) -> int:
        """Labels on a sheet."""
        return self.columns * self.rows

    def place(self, number: int) -> tuple[float, float]:
        """The upper left corner of a sheet's ``number``-th label, counted by rows."""
        row, column = divmod(number, self.columns)
        return (
            self.corner[0] + column * self.pitch[0],
            self.corner[1] + row * self.pitch[1],
        )


_A4, _LETTER = (210.0, 297.0), (215.9, 279.4)

STOCKS: dict[str, Stock] = {
    "a4-65": Stock(_A4, (38.1, 21.2), 5, 13, (4.75, 10.7), (40.6, 21.2)),
    "a4-24": Stock(_A4, (63.5, 33.9), 3, 8, (7.25, 12.9), (66.0, 33.9)),
    "a4-21": Stock(_A4, (63.5, 38.1), 3, 7, (7.25, 15.15), (66.0, 38.1)),
    "a4-8": Stock(_A4, (99.1, 67.7), 2, 4, (4.65, 13.1), (101.6, 67.7)),
    "letter-30": Stock(_LETTER, (66.675, 25.4), 3, 10, (4.7625, 12.7), (69.85, 25.4)),
    "letter-10": Stock(_LETTER, (101.6, 50.8), 2, 5, (3.96875, 12.7), (106.3625, 50.8)),
}
"""Sheets as they are sold: paper, and labels a sheet."""


@dataclass(frozen=True, eq=False)
class Label:
    """What is on a label: the symbol's modules with quiet zone, and the lines beside it.

    ``kind`` says what the symbol is, for instance ``QR 7-M``.
    """

    uri: str
    modules: Modules
    lines: tuple[str, ...]
    kind: str


def human_readable(uri: str) -> tuple[str, ...]:
    """The elements of ``uri`` as GS1 prints them for people, a line each.

    Raises:
        CodeError: it is no Digital Link.
    """
    return tuple(f"({ai}) {value}" for ai, value in parse(uri).elements)


def qr_labels(uris: Sequence[str], level: str = "M") -> Iterator[Label]:
    """A label with a QR code for each URI.

    Raises:
        CodeError: a URI is no Digital Link or does not fit.
    """
    for uri, symbol in zip(uris, qr.encode_many(uris, level), strict=True):
        kind = f"QR {symbol.version}-{symbol.level}"
        yield Label(uri, with_quiet_zone(symbol), human_readable(uri), kind)


def data_matrix_labels(uris: Sequence[str]) -> Iterator[Label]:
    """A label with a Data Matrix for each URI.

    Raises:
        CodeError: a URI is no Digital Link or does not fit.
    """
    for uri in uris:
        modules = padded(data_matrix.encode(uri), data_matrix.QUIET_ZONE)
        side = len(modules) - 2 * data_matrix.QUIET_ZONE
        yield Label(uri, modules, human_readable(uri), f"Data Matrix {side}x{side}")


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Where symbol and lines stand on a label, in millimetres; a line's y is its baseline."""

    symbol: tuple[float, float]
    symbol_side: float
    lines: tuple[tuple[float, float, str], ...]
    text_size: float


def natural_size(label: Label, size: PrintSize) -> tuple[float, float]:
    """A label just large enough for its symbol and its lines, width and height."""
    side = len(label.modules) * size.module_mm
    text_size = min(_TEXT_MM_MAX, side / (_LINE_SPACING * max(1, len(label.lines))))
    longest = max((len(line) for line in label.lines), default=0)
    return side + 2 * _TEXT_GAP_MM + longest * _CHARACTER_WIDTH * text_size, side


def arrange(label: Label, area: tuple[float, float], size: PrintSize) -> Arrangement:
    """The symbol at the left, the lines beside it, both centred in the label's height.

    Raises:
        CodeError: ``label-invalid``: the label is too small for a module of this size, or for text.
    """
    width, height = area
    side = len(label.modules) * size.module_mm
    if side > min(width, height) + 1e-9:
        raise _refused(
            f"{label.kind} with its quiet zone is {side:.1f} mm, "
            f"the label {width:g} x {height:g} mm",
            "stock",
        )
    text_size = _text_size(label.lines, width - side - 2 * _TEXT_GAP_MM, height)
    step = text_size * _LINE_SPACING
    first = (height - step * len(label.lines)) / 2 + text_size
    lines = tuple(
        (side + _TEXT_GAP_MM, first + number * step, line)
        for number, line in enumerate(label.lines)
    )
    # Whole dots, so that no module's edge falls between two.
    top = int((height - side) / 2 * size.dots_per_mm) / size.dots_per_mm
    return Arrangement((0.0, top), side, lines, text_size)


def _text_size(lines: Sequence[str], width: float, height: float) -> float:
    if not lines:
        return _TEXT_MM_MIN
    longest = max(len(line) for line in lines)
    fitting = min(width / (longest * _CHARACTER_WIDTH), height / (len(lines) * _LINE_SPACING))
    if fitting < _TEXT_MM_MIN:
        raise _refused(
            f"the text would be {max(fitting, 0):.2f} mm high, under {_TEXT_MM_MIN} mm", "stock"
        )
    return min(fitting, _TEXT_MM_MAX)
