"""The RFC 6962 Merkle tree: appending, roots, and proofs made and checked."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from evidence.errors import LogDamagedError, ProofError

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT

HALF_HEIGHT = TILE_HEIGHT // 2

_LEVELS = {HALF_HEIGHT: 0} | {TILE_HEIGHT * level: level for level in range(1, 8)}
"""Of which heights roots of full subtrees are kept, and as which level."""

NodeReader = Callable[[int, int], bytes]
"""``(height, index)`` to the hash of the full subtree over leaves ``[index << height, …)``."""


class TileNode(NamedTuple):
    """The root of a full subtree of height ``8 * level``: one hash of a tile of that level.

    Level 0 stands for height 4, where the leaves themselves are kept elsewhere: with the roots of
    16 leaves a path through a tile of leaves takes 32 hashes, and not all 256.
    """

    level: int
    position: int
    hash: bytes


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962, 2.1: the hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962, 2.1: the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def parents(nodes: Sequence[bytes]) -> list[bytes]:
    """The hashes one level up of an even number of nodes."""
    pairs = zip(nodes[::2], nodes[1::2], strict=True)
    return [sha256(b"\x01" + left + right).digest() for left, right in pairs]


@dataclass(slots=True)
class Frontier:
    """The roots of the full subtrees that cover the leaves so far, the largest first.

    It is all that appending needs: O(log size) hashes, amortised O(1) work a leaf.
    """

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[TileNode]:
        """Take a leaf hash; give the hashes to be kept that it completed."""
        completed: list[TileNode] = []
        node, index, height = leaf, self.size, 0
        while index & 1:
            node = node_hash(self.hashes.pop(), node)
            index >>= 1
            height += 1
            if height in _LEVELS:
                completed.append(TileNode(_LEVELS[height], index, node))
        self.hashes.append(node)
        self.size += 1
        return completed

    def extend(self, leaves: Sequence[bytes]) -> list[TileNode]:
        """Take many leaf hashes at once, as :meth:`append` one by one, in a third of its time.

        Tile hashes come by level, then position.
        """
        completed: list[TileNode] = []
        nodes, first, height, edge = list(leaves), self.size, 0, list[bytes]()
        while nodes:
            if first & 1:
                nodes.insert(0, self.hashes.pop())
                first -= 1
            if len(nodes) & 1:
                edge.append(nodes.pop())
            nodes = parents(nodes)
            first, height = first >> 1, height + 1
            if height in _LEVELS:
                level = _LEVELS[height]
                completed += [TileNode(level, first + n, node) for n, node in enumerate(nodes)]
        self.hashes += reversed(edge)
        self.size += len(leaves)
        return completed

    def root(self) -> bytes:
        """The Merkle tree hash of all leaves so far."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for node in reversed(self.hashes[:-1]):
            root = node_hash(node, root)
        return root

    def copy(self) -> "Frontier":
        """The same frontier, to be moved on by itself."""
        return Frontier(self.size, list(self.hashes))

    def to_bytes(self) -> bytes:
        """The hashes behind one another."""
        return b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> "Frontier":
        """A frontier from its size and hashes.

        Raises:
            LogDamagedError: a tree of that size has another number of subtrees.
        """
        if size < 0 or len(data) != HASH_BYTES * size.bit_count():
            raise LogDamagedError(f"{len(data)} bytes are no frontier of {size} leaves")
        starts = range(0, len(data), HASH_BYTES)
        return cls(size, [data[start : start + HASH_BYTES] for start in starts])

    @classmethod
    def of(cls, size: int, node: NodeReader) -> "Frontier":
        """The frontier of the first ``size`` leaves, read from a tree that may be larger."""
        subtrees = full_subtrees(0, size)
        return cls(size, [node(height, start >> height) for start, height in subtrees])


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The Merkle tree hash over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def full_subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """``[start, end)`` as full subtrees ``(start, height)``, left to right.

    ``start`` must be a multiple of the largest power of two below ``end - start``, as it is for
    every range that RFC 6962 speaks of.
    """
    subtrees: list[tuple[int, int]] = []
    while start < end:
        height = (end - start).bit_length() - 1
        subtrees.append((start, height))
        start += 1 << height
    return subtrees


def range_hash(start: int, end: int, node: NodeReader) -> bytes:
    """``MTH(D[start:end])``, RFC 6962, 2.1."""
    if start == end:
        return EMPTY_ROOT
    hashes = [node(height, first >> height) for first, height in full_subtrees(start, end)]
    root = hashes.pop()
    while hashes:
        root = node_hash(hashes.pop(), root)
    return root


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """``PATH(index, D[size])``, RFC 6962, 2.1.1, from the leaf's sibling up.

    Raises:
        ProofError: the tree of that size has no such leaf.
    """
    if not 0 <= index < size:
        raise ProofError(f"a tree of {size} leaves has no leaf {index}", field="index")
    start, end, path = 0, size, list[tuple[int, int]]()
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return _hashes_up(path, node)


def consistency_proof(old: int, new: int, node: NodeReader) -> list[bytes]:
    """``PROOF(old, D[new])``, RFC 6962, 2.1.2; empty where ``old`` is 0 or ``new``.

    Raises:
        ProofError: ``old`` is larger than ``new`` or negative.
    """
    if not 0 <= old <= new:
        raise ProofError(f"a tree of {new} leaves does not extend one of {old}", field="from")
    if old in (0, new):
        return []
    start, end, path, whole = 0, new, list[tuple[int, int]](), True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start, whole = middle, False
    if not whole:
        path.append((start, end))
    return _hashes_up(path, node)


def _hashes_up(path: Sequence[tuple[int, int]], node: NodeReader) -> list[bytes]:
    """The hashes of ranges found from the root down, read from the leaves up: a reader of tiles
    then knows with the first one which others follow."""
    return [range_hash(start, end, node) for start, end in reversed(path)]


def _split(width: int) -> int:
    """The largest power of two smaller than ``width``."""
    return 1 << ((width - 1).bit_length() - 1)


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that ``leaf`` stands at ``index`` of the tree (RFC 9162, 2.1.3.2).

    Raises:
        ProofError: it does not, or the proof is of another length.
    """
    if not 0 <= index < size:
        raise ProofError(f"a tree of {size} leaves has no leaf {index}", field="index")
    node, fn, sn = leaf, index, size - 1
    for sibling in proof:
        if sn == 0:
            raise ProofError("the inclusion proof is too long")
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofError("the inclusion proof is too short")
    if node != root:
        raise ProofError("the inclusion proof leads to another root")


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree of ``new`` leaves begins with that of ``old`` (RFC 9162, 2.1.4.2).

    Raises:
        ProofError: it does not, or the proof is of another length.
    """
    if not 0 <= old <= new:
        raise ProofError(f"a tree of {new} leaves does not extend one of {old}", field="from")
    if old in (0, new):
        _verify_trivial(old, new, old_root, new_root, proof)
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise ProofError("the consistency proof is too short")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for node in path[1:]:
        if sn == 0:
            raise ProofError("the consistency proof is too long")
        if fn & 1 or fn == sn:
            first, second = node_hash(node, first), node_hash(node, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, node)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofError("the consistency proof is too short")
    if first != old_root or second != new_root:
        raise ProofError("the consistency proof leads to another root")


def _verify_trivial(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    if proof:
        raise ProofError("the consistency proof is too long")
    if old == 0 and old_root != EMPTY_ROOT:
        raise ProofError("an empty tree has another root")
    if old == new and old_root != new_root:
        raise ProofError("two roots of one size differ")
