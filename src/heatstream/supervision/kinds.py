"""Every kind of matter there is."""

from collections.abc import Mapping
from types import MappingProxyType

from heatstream.errors import BadInput
from heatstream.supervision.matter import MatterKind

KINDS: Mapping[str, MatterKind] = MappingProxyType({})


def kind_of(name: str) -> MatterKind:
    """Give a kind by its name.

    Raises
    ------
    BadInput
        There is no such kind.
    """
    if name not in KINDS:
        raise BadInput(f"kind {name!r}: there is none; expected one of {', '.join(sorted(KINDS))}")
    return KINDS[name]
