"""A QR symbol as an image: PNG, SVG of its printed size, text for a terminal."""

import numpy as np

from codes.modules import Modules, padded, png_of, svg_path
from codes.qr import Symbol

QUIET_ZONE = 4
"""Light modules that ISO/IEC 18004 asks for around a symbol."""


def with_quiet_zone(symbol: Symbol, quiet_zone: int = QUIET_ZONE) -> Modules:
    """The symbol's modules with light ones around."""
    return padded(symbol.modules, quiet_zone)


def png(symbol: Symbol, *, dots: int = 8, quiet_zone: int = QUIET_ZONE) -> bytes:
    """The symbol as a PNG, each module ``dots`` pixels wide."""
    modules = with_quiet_zone(symbol, quiet_zone)
    return png_of(modules.repeat(dots, axis=0).repeat(dots, axis=1))


def svg(symbol: Symbol, *, module_mm: float = 0.5, quiet_zone: int = QUIET_ZONE) -> bytes:
    """The symbol as an SVG of its printed size."""
    modules = with_quiet_zone(symbol, quiet_zone)
    size = len(modules)
    side_mm = f"{size * module_mm:g}mm"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side_mm}" height="{side_mm}" '
        f'viewBox="0 0 {size} {size}"><path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        f'<path d="{svg_path(modules)}"/></svg>\n'
    ).encode()


def terminal(symbol: Symbol, *, quiet_zone: int = 2) -> str:
    """The symbol as lines of half blocks, two modules a character, for a dark terminal."""
    light = 1 - with_quiet_zone(symbol, quiet_zone)
    if len(light) % 2:
        light = np.vstack([light, np.zeros((1, light.shape[1]), dtype=np.uint8)])
    glyphs = np.array([" ", "▄", "▀", "█"])
    return "\n".join("".join(line) for line in glyphs[light[::2] * 2 + light[1::2]])
