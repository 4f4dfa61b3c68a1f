"""What differs between two packs, two sets of choices or two policies: value by value, with where each stands."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from heatstream.errors import BadInput
from heatstream.rules import choices, exact_yaml, supplement
from heatstream.rules.choices import Choices
from heatstream.rules.pack import find
from heatstream.rules.pack import load as load_pack
from heatstream.rules.policy import FORM, folders, plain
from heatstream.rules.policy import load as load_policy


class Difference(NamedTuple):
    """One value that is not the same."""

    where: str
    """Its place, dotted."""
    before: str | None
    """None = it was not there."""
    after: str | None
    """None = it is there no longer."""
    stands: str
    """Article before and after, or the option's question; empty where neither is said."""

    def __str__(self) -> str:
        place = f" ({self.stands})" if self.stands else ""
        return f"{self.where}{place}: {_or_none(self.before)} → {_or_none(self.after)}"


class Leaf(NamedTuple):
    """A value as text, and the article it stands in."""

    value: str
    article: str | None


def _or_none(value: str | None) -> str:
    return "–" if value is None else value


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Compare two trees, in the order of their places."""
    left, right = dict(leaves(before)), dict(leaves(after))
    pairs = ((where, left.get(where), right.get(where)) for where in sorted(left.keys() | right.keys()))
    return [
        Difference(where, old and old.value, new and new.value, _stands(where, old, new))
        for where, old, new in pairs
        if (old and old.value) != (new and new.value)
    ]


def tree(what: str, packs_dir: Path | None = None) -> Any:
    """Read what is compared: a pack's id, a pack or a supplement, a choices file with its packs, or a kept policy.

    Raises
    ------
    BadInput
        It is none of these, or has faults.
    """
    path = Path(what)
    if not path.is_file():
        return plain(find(what, folders(packs_dir)))
    if path.suffix == ".json":
        return _kept(path)
    schema = exact_yaml.read(path).get("schema")
    if schema == choices.SCHEMA:
        return _by_id(json.loads(load_policy(path, packs_dir).canonical))
    if schema == supplement.SCHEMA:
        return plain(supplement.load(path))
    return plain(load_pack(path))


def _kept(path: Path) -> Mapping[str, Any]:
    """Read a policy's canonical form."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"{path}: not JSON: {error}") from error
    if not isinstance(kept, dict) or kept.get("form") != FORM:
        raise BadInput(f"{path}: form: expected {FORM}, a policy as it is kept")
    return _by_id(kept)


def _by_id(kept: Mapping[str, Any]) -> Mapping[str, Any]:
    """Name the packs of a policy by their ids; parts of one pack by the day they begin, too."""
    packs = kept["packs"]
    ids = [each["id"] for each in packs]
    named = {
        each["id"] if ids.count(each["id"]) == 1 else f"{each['id']} from {each.get('effective_from', 'ever')}": each
        for each in packs
    }
    return {**kept, "packs": named}


def leaves(node: Any, where: str = "", article: str | None = None) -> Iterator[tuple[str, Leaf]]:
    """List the values of a tree by their places, a list of plain values as one, each with the article around it."""
    if isinstance(node, Mapping):
        for name, each in node.items():
            yield from leaves(each, f"{where}.{name}" if where else str(name), node.get("article", article))
    elif isinstance(node, list) and any(isinstance(each, Mapping) for each in node):
        for place, each in enumerate(node):
            yield from leaves(each, f"{where}.{place}", article)
    else:
        yield where, Leaf(_text(node), article)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _stands(where: str, before: Leaf | None, after: Leaf | None) -> str:
    _, chosen, option = where.partition("choices.choices.")
    field = Choices.model_fields.get(option.partition(".")[0]) if chosen else None
    if field is not None and isinstance(field.json_schema_extra, dict):
        return str(field.json_schema_extra["question"])
    articles = dict.fromkeys(each.article for each in (before, after) if each is not None and each.article)
    return "; ".join(f"article {each}" for each in articles)
