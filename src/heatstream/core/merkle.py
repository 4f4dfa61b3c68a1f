"""The form `heatstream-merkle/1`: the tree of RFC 6962 over digests of point-days.

A leaf is SHA-256 over a zero byte and the digest of a point-day (`core.digest`), which binds device, day and readings.
A node is SHA-256 over a byte 1 and its two children; of n leaves the largest power of two below n stands left. Paired
from below, with the odd one out carried up as it is, the same tree comes out.

A tree is kept in parts of `PART_LEAVES`. That is a power of two, so each part is a whole subtree: a proof needs the
leaves of one part and the roots of the others. Frozen: another form has another name.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

PART_LEAVES: Final = 8192


def leaf(digest: bytes) -> bytes:
    """Hash the digest of a point-day as a leaf."""
    return sha256(b"\x00" + digest).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Hash two children."""
    return sha256(b"\x01" + left + right).digest()


def _above(hashes: Sequence[bytes]) -> list[bytes]:
    pairs = zip(hashes[::2], hashes[1::2], strict=False)
    above = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return [*above, hashes[-1]] if len(hashes) % 2 else above


def levels(hashes: Sequence[bytes]) -> list[Sequence[bytes]]:
    """Pair leaves, or the roots of parts, from below; the last level is the root alone.

    Raises
    ------
    ValueError
        There is no leaf.
    """
    if not hashes:
        raise ValueError("no leaves: an empty tree is never made")
    found = [hashes]
    while len(found[-1]) > 1:
        found.append(_above(found[-1]))
    return found


def root(hashes: Sequence[bytes]) -> bytes:
    """Find the root over leaves, or over the roots of parts."""
    return levels(hashes)[-1][0]


def path(tree: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """List the siblings of a leaf from below, as a proof that it is under the root.

    The path in a part, followed by the path of the part among the roots of all parts, is the path in the tree.

    Parameters
    ----------
    tree : as `levels` gives it
    index : counts from 0

    Raises
    ------
    ValueError
        `index` is not one of the leaves.
    """
    if not 0 <= index < len(tree[0]):
        raise ValueError(f"leaf {index} of {len(tree[0])}: expected one that there is")
    siblings = []
    for level in tree[:-1]:
        if index ^ 1 < len(level):
            siblings.append(level[index ^ 1])
        index //= 2
    return siblings


def proves(digest: bytes, index: int, leaves: int, siblings: Sequence[bytes], claimed: bytes) -> bool:
    """Say whether a path leads from a digest to the root of so many leaves (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < leaves:
        return False
    place, last, found = index, leaves - 1, leaf(digest)
    for sibling in siblings:
        if last == 0:
            return False
        if place % 2 or place == last:
            found = node(sibling, found)
            while place and not place % 2:
                place, last = place // 2, last // 2
        else:
            found = node(found, sibling)
        place, last = place // 2, last // 2
    return last == 0 and found == claimed
