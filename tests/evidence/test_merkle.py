"""The tree is RFC 6962's, whatever its size; a proof is short and cannot be bent."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatstream.core import merkle

# The test vectors of RFC 6962's reference implementation (certificate-transparency, merkle_tree_test.cc).
ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def digests(count: int) -> list[bytes]:
    return [sha256(b"%d" % number).digest() for number in range(count)]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_root_is_that_of_the_rfc_s_vectors(size: int) -> None:
    assert merkle.root([merkle.leaf(bytes.fromhex(each)) for each in ENTRIES[:size]]).hex() == ROOTS[size - 1]


def literal_root(leaves: list[bytes]) -> bytes:
    """As RFC 6962, 2.1, defines it."""
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return merkle.node(literal_root(leaves[:left]), literal_root(leaves[left:]))


@given(st.integers(1, 200))
def test_pairing_from_below_gives_the_tree_of_the_definition(size: int) -> None:
    leaves = [merkle.leaf(each) for each in digests(size)]
    assert merkle.root(leaves) == literal_root(leaves)


@given(st.integers(1, 200).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_every_leaf_has_a_proof(place: tuple[int, int]) -> None:
    size, index = place
    leaves = [merkle.leaf(each) for each in digests(size)]
    path = merkle.path(merkle.levels(leaves), index)
    assert merkle.proves(digests(size)[index], index, size, path, merkle.root(leaves))


@given(st.integers(2, 200).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))), st.integers(0))
def test_a_proof_of_another_digest_index_size_or_path_fails(place: tuple[int, int], which: int) -> None:
    size, index = place
    leaves, digest = [merkle.leaf(each) for each in digests(size)], digests(size)[index]
    path, root = merkle.path(merkle.levels(leaves), index), merkle.root(leaves)
    bent = [*path]
    bent[which % len(path)] = b"\0" * 32
    assert not merkle.proves(digest, index, size, bent, root)
    assert not merkle.proves(digest, index, size, path[:-1], root)
    assert not merkle.proves(digest, index, size, [*path, path[-1]], root)
    assert not merkle.proves(b"\0" * 32, index, size, path, root)
    assert not merkle.proves(digest, (index + 1) % size, size, path, root)
    assert not merkle.proves(digest, size, size, path, root)


@pytest.mark.parametrize("size", [1, 4, 5, 8, 9, 12, 13, 31, 33])
def test_a_tree_in_parts_is_the_same_tree(size: int) -> None:
    part, leaves = 4, [merkle.leaf(each) for each in digests(size)]
    parts = [leaves[first : first + part] for first in range(0, size, part)]
    roots = [merkle.root(each) for each in parts]
    assert merkle.root(roots) == merkle.root(leaves)
    for index in range(size):
        joined = merkle.path(merkle.levels(parts[index // part]), index % part)
        joined += merkle.path(merkle.levels(roots), index // part)
        assert joined == merkle.path(merkle.levels(leaves), index)


def test_a_part_is_a_power_of_two_or_it_would_be_no_subtree() -> None:
    assert merkle.PART_LEAVES.bit_count() == 1


def test_a_tree_without_leaves_is_never_made() -> None:
    with pytest.raises(ValueError, match="an empty tree is never made"):
        merkle.root([])


def test_a_leaf_that_is_not_there_has_no_path() -> None:
    with pytest.raises(ValueError, match="leaf 3 of 3"):
        merkle.path(merkle.levels(digests(3)), 3)
