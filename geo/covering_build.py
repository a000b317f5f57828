"""Building the index of cells, level by level, in columns of (cell, area, edge) entries.

Why a cell's few edges suffice: a point lies in an area if a ray from the west crosses an odd
number of its edges. Let x0 be the cell's western side. Edges wholly west of x0 form chains; each
chain's crossings, modulo 2, depend only on the latitudes v of the western ends of the edges that
cross x0. So with "crosses(e)": the half-open test of geo/borders.py,

    inside = constant + sum over edges not wholly west of x0 of
             [crosses(e)] + [e crosses x0 and v(e) <= lat]     (mod 2),

and all edges that do not touch the cell add a constant over the cell. The constant is had from
one reference point: the cell's south-western corner, which is answered by the parent cell.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from geo.arrays import Bools, Floats, Ints, spread
from geo.borders import Borders
from geo.covering import SPLIT, Cells, entry_parity
from geo.covering_leaves import Leaves
from geo.covering_strips import with_strips

MAX_LEVEL = 3
EVEN_LEVELS = 2
MAX_TOP_CELLS = 60_000
MAX_FLAT_CELLS = 2_000_000
FEW_EDGES = 150
MARGIN = 0.5
"""Of a cell's side: borders this near to a cell are noted with it."""
_HAIR_DEG = 1e-9
_PORTION = 50_000
_QUARTERS = SPLIT * SPLIT


@dataclass(frozen=True, slots=True)
class Level:
    """Cells of one size. ``slot`` is where each cell's code goes (``children``, or ``top`` at 0).

    Entries are sorted by record; a record is a (cell, area) with entries and whether the cell's
    south-western corner lies inside; held pairs are areas that hold all of a cell.
    """

    side: float
    west: Floats
    south: Floats
    slot: Ints
    record_cell: Ints
    record_area: Ints
    record_inside: Bools
    entry_record: Ints
    entry_edge: Ints
    held_cell: Ints
    held_area: Ints


def build_cells(borders: Borders) -> Cells:
    """The cells over all areas of ``borders``."""
    grid = _grid(borders)
    level = _top_level(borders, grid)
    top = np.zeros(int(grid[3] * grid[4]), dtype=np.int32)
    children = [np.zeros(0, dtype=np.int32)]
    codes, blocks, leaves = top, 0, Leaves()
    for depth in range(MAX_LEVEL + 1):
        touching = _touches(borders, level, _HAIR_DEG)
        split = _to_split(level, touching, depth)
        numbers = np.flatnonzero(split)
        codes[level.slot[numbers]] = -1 - (blocks + np.arange(len(numbers)))
        rest = ~split
        codes[level.slot[rest]] = _close(borders, level, touching, rest, leaves)
        if not len(numbers):
            break
        level = _split(borders, level, split)
        blocks += len(numbers)
        codes = np.zeros(len(numbers) * _QUARTERS, dtype=np.int32)
        children.append(codes)
    grid, top = _flatter(grid, top, np.concatenate(children))
    cells = leaves.cells(grid, top, np.concatenate(children), len(borders))
    return with_strips(borders, cells, leaves.places(), MARGIN)


def _flatter(
    grid: Floats, top: npt.NDArray[np.int32], children: npt.NDArray[np.int32]
) -> tuple[Floats, npt.NDArray[np.int32]]:
    """A finer top grid in place of the first levels, which saves most points steps."""
    while len(top) * _QUARTERS <= MAX_FLAT_CELLS and (top < 0).any():
        columns, rows = int(grid[3]), int(grid[4])
        fine = np.repeat(top[:, None], _QUARTERS, axis=1)
        inner = top < 0
        fine[inner] = children.reshape(-1, _QUARTERS)[-1 - top[inner]]
        top = fine.reshape(rows, columns, SPLIT, SPLIT).swapaxes(1, 2).reshape(-1)
        grid = grid * np.array([1, 1, SPLIT, SPLIT, SPLIT])
    return grid, top


def _grid(borders: Borders) -> Floats:
    """West, south, cells per degree, columns, rows; a ring of empty cells around everything."""
    if not len(borders.low_lon):
        return np.array([0.0, 0.0, 1.0, 1.0, 1.0])
    west, east = float(borders.chunk_west.min()), float(borders.chunk_east.max())
    south, north = float(borders.chunk_south.min()), float(borders.chunk_north.max())
    wanted = np.clip(8.0 * len(borders), 1000, MAX_TOP_CELLS)
    side = float(np.sqrt(max((east - west) * (north - south), 1e-12) / wanted))
    side = max(side, (east - west) / MAX_TOP_CELLS, (north - south) / MAX_TOP_CELLS, 1e-6)
    columns, rows = np.ceil((east - west) / side) + 2, np.ceil((north - south) / side) + 2
    return np.array([west - side, south - side, 1 / side, columns, rows])


def _top_level(borders: Borders, grid: Floats) -> Level:
    west, south, per_degree, columns, rows = grid.tolist()
    side, columns, rows = 1 / per_degree, int(columns), int(rows)
    cell = np.arange(columns * rows)
    cell_west, cell_south = west + (cell % columns) * side, south + (cell // columns) * side
    area = np.repeat(np.arange(len(borders)), np.diff(borders.chunk_start[borders.area_chunks]))
    edge, home = _joined(
        _top_entries(borders, slice(low, low + _PORTION), grid, cell_west, cell_south)
        for low in range(0, max(len(borders.low_lon), 1), _PORTION)
    )
    order = np.argsort(home * len(borders) + area[edge], kind="stable")
    edge, home = edge[order], home[order]
    record_cell, record_area, entry_record = _records(home, area[edge])
    inside = borders.contains(record_area, cell_west[record_cell], cell_south[record_cell])
    held_cell, held_area = _held_at_top(borders, grid, home, area[edge])
    return Level(
        side, cell_west, cell_south, cell, record_cell, record_area, inside, entry_record, edge,
        held_cell, held_area,
    )  # fmt: skip


def _top_entries(
    borders: Borders, part: slice, grid: Floats, cell_west: Floats, cell_south: Floats
) -> tuple[Ints, Ints]:
    """(edge, cell) where one of some edges comes near a cell of the top grid."""
    west, south, per_degree, columns, rows = grid.tolist()
    low_lon, high_lon = borders.low_lon[part], borders.high_lon[part]
    edge, column, row = _overlapped(
        np.arange(len(borders.low_lon))[part],
        (np.minimum(low_lon, high_lon) - west) * per_degree,
        (np.maximum(low_lon, high_lon) - west) * per_degree,
        (borders.low_lat[part] - south) * per_degree,
        (borders.high_lat[part] - south) * per_degree,
        (int(columns), int(rows)),
    )
    home = row * int(columns) + column
    near = _near(borders, edge, cell_west[home], cell_south[home], 1 / per_degree)
    return edge[near], home[near]


def _joined(parts: Iterable[tuple[Ints, ...]]) -> tuple[Ints, ...]:
    """The parts' columns, each in one piece."""
    columns = list(zip(*parts, strict=True))
    return tuple(np.concatenate(column) for column in columns)


def _held_at_top(borders: Borders, grid: Floats, cell: Ints, area: Ints) -> tuple[Ints, Ints]:
    """(cell, area) pairs of which no edge comes near the cell but which hold it."""
    west, south, per_degree, columns, rows = grid.tolist()
    start = borders.area_chunks[:-1]
    filled = np.flatnonzero(np.diff(borders.area_chunks) > 0)
    start = start[filled]
    box = [
        np.floor((np.minimum.reduceat(borders.chunk_west, start) - west) * per_degree),
        np.floor((np.maximum.reduceat(borders.chunk_east, start) - west) * per_degree),
        np.floor((np.minimum.reduceat(borders.chunk_south, start) - south) * per_degree),
        np.floor((np.maximum.reduceat(borders.chunk_north, start) - south) * per_degree),
    ]
    west_, east_, south_, north_ = box
    size = (int(columns), int(rows))
    which, column, row = _overlapped(filled, west_, east_, south_, north_, size, margin=0.0)
    home = row * int(columns) + column
    seen = np.isin(home * len(borders) + which, cell * len(borders) + area)
    which, home, column, row = which[~seen], home[~seen], column[~seen], row[~seen]
    inside = borders.contains(which, west + column / per_degree, south + row / per_degree)
    return home[inside], which[inside]


def _overlapped(
    what: Ints,
    west: Floats,
    east: Floats,
    south: Floats,
    north: Floats,
    size: tuple[int, int],
    margin: float = MARGIN,
) -> tuple[Ints, Ints, Ints]:
    """(what, column, row) for each cell that a box in cell units, widened, overlaps."""
    c0 = np.clip(np.floor(west - margin), 0, size[0] - 1).astype(np.int64)
    c1 = np.clip(np.floor(east + margin), 0, size[0] - 1).astype(np.int64)
    r0 = np.clip(np.floor(south - margin), 0, size[1] - 1).astype(np.int64)
    r1 = np.clip(np.floor(north + margin), 0, size[1] - 1).astype(np.int64)
    wide = c1 - c0 + 1
    owner, step = spread(np.zeros(len(what), dtype=np.int64), wide * (r1 - r0 + 1))
    return what[owner], c0[owner] + step % wide[owner], r0[owner] + step // wide[owner]


def _near(
    borders: Borders, edge: Ints, west: Floats, south: Floats, side: float, margin: float = MARGIN
) -> Bools:
    """Whether each edge comes within the cell, widened by ``margin`` sides (separating axes)."""
    half = side * (0.5 + margin)
    x, y = west + side / 2, south + side / 2
    low_lon, low_lat, high_lon, high_lat = borders.ends(edge)
    ax, ay, bx, by = low_lon - x, low_lat - y, high_lon - x, high_lat - y
    apart = (np.minimum(ax, bx) > half) | (np.maximum(ax, bx) < -half)
    apart |= (np.minimum(ay, by) > half) | (np.maximum(ay, by) < -half)
    dx, dy = bx - ax, by - ay
    apart |= np.abs(ax * dy - ay * dx) > half * (np.abs(dx) + np.abs(dy))
    return ~apart


def _records(cell: Ints, area: Ints) -> tuple[Ints, Ints, Ints]:
    """Of sorted (cell, area) entries: the distinct pairs, and each entry's pair."""
    new = np.ones(len(cell), dtype=bool)
    new[1:] = (cell[1:] != cell[:-1]) | (area[1:] != area[:-1])
    return cell[new], area[new], np.cumsum(new) - 1


def _touches(borders: Borders, level: Level, hair: float) -> Bools:
    """Which entries' edges touch the cell itself, not only its margin."""
    touching = np.zeros(len(level.entry_edge), dtype=bool)
    for low in range(0, len(touching), _PORTION):
        part = slice(low, low + _PORTION)
        cell = level.record_cell[level.entry_record[part]]
        west, south = level.west[cell], level.south[cell]
        touching[part] = _near(
            borders, level.entry_edge[part], west, south, level.side, hair / level.side
        )
    return touching


def _to_split(level: Level, touching: Bools, depth: int) -> Bools:
    """Which cells are split: with a border in them or near them while they are large, with many
    edges in them until the last level.
    """
    if depth == MAX_LEVEL:
        return np.zeros(len(level.slot), dtype=bool)
    cell = level.record_cell[level.entry_record]
    if depth < EVEN_LEVELS:
        near: Bools = np.bincount(cell, minlength=len(level.slot)) > 0
        return near
    many: Bools = np.bincount(cell[touching], minlength=len(level.slot)) > FEW_EDGES
    return many


def _close(
    borders: Borders, level: Level, touching: Bools, closing: Bools, leaves: Leaves
) -> npt.NDArray[np.int32]:
    """Make leaves of the closing cells; gives their numbers in order of the cells."""
    rank = np.cumsum(closing) - 1
    cell = level.record_cell[level.entry_record]
    crossed = np.zeros(len(level.slot), dtype=bool)
    crossed[cell[touching]] = True
    mine = closing[level.held_cell]
    record = np.flatnonzero(closing[level.record_cell])
    keep = np.flatnonzero(closing[cell])
    odd, left = _parity(borders, level, level.entry_record[keep], level.entry_edge[keep])
    number = np.cumsum(closing[level.record_cell]) - 1
    return leaves.add(
        side=level.side,
        corners=(level.west[closing], level.south[closing]),
        margin_deg=MARGIN * level.side,
        held=(rank[level.held_cell[mine]], level.held_area[mine]),
        crossed=crossed[closing],
        records=(
            rank[level.record_cell[record]],
            level.record_area[record],
            odd[record],
            level.record_inside[record],
        ),
        entries=(number[level.entry_record[keep]], level.entry_edge[keep], left),
    )


def _parity(
    borders: Borders, level: Level, record: Ints, edge: Ints
) -> tuple[Bools, npt.NDArray[np.uint8]]:
    """Constants of all records, and the entries' kinds (see ``Cells``)."""
    cell = level.record_cell[record]
    x, y = level.west[cell], level.south[cell]
    left = _left(borders, edge, x)
    turned = entry_parity(borders.ends(edge), left, x, y)
    count = np.bincount(record[turned], minlength=len(level.record_cell))
    odd: Bools = level.record_inside ^ ((count & 1) == 1)
    return odd, left


def _left(borders: Borders, edge: Ints, x: Floats) -> npt.NDArray[np.uint8]:
    """Which ends of each edge lie west of x: 1 the low, 2 the high, 3 both, 0 none."""
    low, high = borders.low_lon.take(edge) < x, borders.high_lon.take(edge) < x
    left: npt.NDArray[np.uint8] = low.astype(np.uint8) + np.uint8(2) * high
    return left


def _split(borders: Borders, level: Level, split: Bools) -> Level:
    """The level below: 16 cells for each that is split."""
    rank = np.cumsum(split) - 1
    parents = np.flatnonzero(split)
    side = level.side / SPLIT
    child = np.arange(_QUARTERS)
    west = (level.west[parents, None] + (child % SPLIT) * side).ravel()
    south = (level.south[parents, None] + (child // SPLIT) * side).ravel()
    mine = split[level.record_cell]
    record = np.flatnonzero(mine)
    taken = mine[level.entry_record]
    inside = _corners(borders, level, taken)[record]
    home, area, edge = _descend(borders, level, taken, rank, west, south, side)
    record_cell, record_area, entry_record = _records(home, area)
    children = rank[level.record_cell[record], None] * _QUARTERS + child
    keys = children * len(borders) + level.record_area[record, None]
    wanted = record_cell * len(borders) + record_area
    order = np.argsort(keys, axis=None)
    sorted_keys = keys.ravel()[order]
    place = order[np.searchsorted(sorted_keys, wanted)]
    whole = inside.ravel().copy()
    record_inside = whole[place]
    whole[place] = False
    above = split[level.held_cell]
    held_cell = (rank[level.held_cell[above], None] * _QUARTERS + child).ravel()
    held_area = np.repeat(level.held_area[above], _QUARTERS)
    more_area = np.repeat(level.record_area[record], _QUARTERS)[whole]
    return Level(
        side, west, south, np.arange(len(west)), record_cell, record_area, record_inside,
        entry_record, edge,
        np.concatenate([held_cell, children.ravel()[whole]]),
        np.concatenate([held_area, more_area]),
    )  # fmt: skip


def _corners(borders: Borders, level: Level, taken: Bools) -> npt.NDArray[np.bool_]:
    """(records, 16): whether the south-western corner of each quarter lies in the area."""
    bits = np.zeros(len(level.record_cell), dtype=np.uint16)
    chosen = np.flatnonzero(taken)
    for begin in range(0, len(chosen), _PORTION):
        entry = chosen[begin : begin + _PORTION]
        record, edge = level.entry_record[entry], level.entry_edge[entry]
        mask = _corner_bits(borders, level, record, edge)
        first = np.flatnonzero(np.diff(record, prepend=-1))
        bits[record[first]] ^= np.bitwise_xor.reduceat(mask, first)
    flags = ((bits[:, None] >> np.arange(_QUARTERS, dtype=np.uint16)) & 1).astype(bool)
    corners: npt.NDArray[np.bool_] = flags ^ (level.record_inside ^ flags[:, 0])[:, None]
    return corners


def _corner_bits(
    borders: Borders, level: Level, record: Ints, edge: Ints
) -> npt.NDArray[np.uint16]:
    """Bit k of each entry: whether its edge turns the answer at the corner of quarter k."""
    cell = level.record_cell[record]
    x0, y0, side = level.west[cell], level.south[cell], level.side / SPLIT
    left = _left(borders, edge, x0)
    ends = borders.ends(edge)
    mask = np.zeros(len(edge), dtype=np.uint16)
    for k in range(_QUARTERS):
        x, y = x0 + (k % SPLIT) * side, y0 + (k // SPLIT) * side
        mask |= entry_parity(ends, left, x, y).astype(np.uint16) << np.uint16(k)
    return mask


def _descend(
    borders: Borders,
    level: Level,
    taken: Bools,
    rank: Ints,
    west: Floats,
    south: Floats,
    side: float,
) -> tuple[Ints, Ints, Ints]:
    """(cell, area, edge) entries of the level below, sorted by cell, then area."""
    chosen = np.flatnonzero(taken)
    if not len(chosen):
        return chosen, chosen, chosen
    parent = level.record_cell[level.entry_record[chosen]]
    # Portions of whole cells: sorted each for itself they are sorted together.
    heads = np.flatnonzero(np.diff(parent, prepend=-1))
    cuts = heads[np.searchsorted(heads, np.arange(0, len(chosen), _PORTION))[:-1]].tolist()
    cuts = sorted({0, *cuts, len(chosen)})
    home, area, edge = _joined(
        _descended(borders, level, chosen[low:high], rank, west, south, side)
        for low, high in pairwise(cuts)
    )
    return home, area, edge


def _descended(
    borders: Borders,
    level: Level,
    chosen: Ints,
    rank: Ints,
    west: Floats,
    south: Floats,
    side: float,
) -> tuple[Ints, Ints, Ints]:
    edge, record = level.entry_edge[chosen], level.entry_record[chosen]
    cell = level.record_cell[record]
    x0, y0 = level.west[cell], level.south[cell]
    low_lon, low_lat, high_lon, high_lat = borders.ends(edge)
    ax, bx = (low_lon - x0) / side, (high_lon - x0) / side
    which, column, row = _overlapped(
        np.arange(len(edge)),
        np.minimum(ax, bx),
        np.maximum(ax, bx),
        (low_lat - y0) / side,
        (high_lat - y0) / side,
        (SPLIT, SPLIT),
    )
    home = rank[cell[which]] * _QUARTERS + row * SPLIT + column
    near = _near(borders, edge[which], west[home], south[home], side)
    which, home = which[near], home[near]
    area = level.record_area[record[which]]
    order = np.argsort(home * len(borders) + area, kind="stable")
    return home[order], area[order], edge[which[order]]
