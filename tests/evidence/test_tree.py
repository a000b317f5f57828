"""The tree against the public vectors of RFC 6962 implementations, and its laws."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import LogDamagedError, ProofError
from evidence.tree import (
    EMPTY_ROOT,
    Frontier,
    NodeReader,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# The eight leaves and roots of the Certificate Transparency reference tree.
CT_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as written."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


def leaves_of(count: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(4)) for number in range(count)]


def reader(leaves: list[bytes]) -> NodeReader:
    return lambda height, index: naive_root(leaves[index << height : (index + 1) << height])


def test_roots_are_those_of_the_certificate_transparency_reference_tree() -> None:
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT
    for leaf, root in zip(CT_LEAVES, CT_ROOTS, strict=True):
        frontier.append(leaf_hash(leaf))
        assert frontier.root().hex() == root


def test_the_reference_trees_published_inclusion_path_is_ours() -> None:
    leaves = [leaf_hash(leaf) for leaf in CT_LEAVES]
    assert [node.hex() for node in inclusion_proof(0, 8, reader(leaves))] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


def test_the_reference_trees_published_consistency_proof_is_ours() -> None:
    leaves = [leaf_hash(leaf) for leaf in CT_LEAVES]
    assert [node.hex() for node in consistency_proof(6, 8, reader(leaves))] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@pytest.mark.parametrize("size", range(70))
def test_every_proof_of_a_small_tree_holds(size: int) -> None:
    leaves = leaves_of(size)
    root = root_of(leaves)
    assert root == naive_root(leaves)
    for index in range(size):
        proof = inclusion_proof(index, size, reader(leaves))
        verify_inclusion(index, size, leaves[index], proof, root)
    for old in range(size + 1):
        proof = consistency_proof(old, size, reader(leaves))
        verify_consistency(old, size, naive_root(leaves[:old]), root, proof)


@given(st.data())
def test_no_other_leaf_index_size_root_or_length_passes_an_inclusion_proof(
    data: st.DataObject,
) -> None:
    size = data.draw(st.integers(2, 40))
    index = data.draw(st.integers(0, size - 1))
    leaves = leaves_of(size)
    proof = inclusion_proof(index, size, reader(leaves))
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index))
    root = naive_root(leaves)
    flipped = list(proof)
    place = data.draw(st.integers(0, len(proof) - 1))
    flipped[place] = bytes([flipped[place][0] ^ 1]) + flipped[place][1:]
    for bad in (
        (other, size, leaves[index], proof, root),
        (index, size, leaves[other], proof, root),
        (index, size, leaves[index], proof, leaf_hash(root)),
        (index, size, leaves[index], flipped, root),
        (index, size, leaves[index], proof[:-1], root),
        (index, size, leaves[index], [*proof, root], root),
        (size, size, leaves[index], proof, root),
    ):
        with pytest.raises(ProofError):
            verify_inclusion(*bad)


@given(st.data())
def test_no_other_root_hash_or_length_passes_a_consistency_proof(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, 40))
    old = data.draw(st.integers(1, new - 1))
    leaves = leaves_of(new)
    old_root, new_root = naive_root(leaves[:old]), naive_root(leaves)
    proof = consistency_proof(old, new, reader(leaves))
    for bad in (
        (old, new, leaf_hash(old_root), new_root, proof),
        (old, new, old_root, leaf_hash(new_root), proof),
        (old, new, old_root, new_root, proof[:-1]),
        (old, new, old_root, new_root, [*proof, old_root]),
        (old, new, old_root, new_root, [leaf_hash(proof[0]), *proof[1:]]),
        (new + 1, new, old_root, new_root, proof),
    ):
        with pytest.raises(ProofError):
            verify_consistency(*bad)


def test_nothing_is_consistent_with_another_root_of_the_same_size() -> None:
    with pytest.raises(ProofError):
        verify_consistency(3, 3, CT_LEAVES[7], bytes(32), [])
    with pytest.raises(ProofError):
        verify_consistency(0, 3, bytes(32), bytes(32), [])


@given(st.integers(0, 600))
def test_a_frontier_survives_being_stored_and_being_read_from_the_tree(size: int) -> None:
    leaves = leaves_of(size)
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    assert Frontier.from_bytes(size, frontier.to_bytes()) == frontier
    assert Frontier.of(size, reader(leaves)) == frontier


def test_appending_gives_the_root_of_each_full_tile_and_of_each_half_once() -> None:
    frontier, leaves = Frontier(), leaves_of(70_000)
    completed = [node for leaf in leaves for node in frontier.append(leaf)]
    assert [node.level for node in completed].count(1) == 273
    assert [(node.level, node.position) for node in completed if node.level == 2] == [(2, 0)]
    assert next(node.hash for node in completed if node.level == 1) == naive_root(leaves[:256])
    assert [node.level for node in completed].count(0) == 70_000 // 16
    assert completed[0] == (0, 0, naive_root(leaves[:16]))


@given(st.integers(0, 600), st.lists(st.integers(0, 700), max_size=4))
def test_many_leaves_at_once_are_taken_as_one_by_one(start: int, batches: list[int]) -> None:
    one_by_one, at_once = Frontier(), Frontier()
    number = 0
    for count in [start, *batches]:
        leaves = [leaf_hash(b"%d" % n) for n in range(number, number + count)]
        number += count
        expected = [node for leaf in leaves for node in one_by_one.append(leaf)]
        assert sorted(at_once.extend(leaves)) == sorted(expected)
        assert at_once == one_by_one


def test_a_frontier_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(LogDamagedError):
        Frontier.from_bytes(3, bytes(32))
