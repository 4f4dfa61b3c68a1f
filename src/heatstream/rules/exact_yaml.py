"""YAML whose values are exact: a decimal is a `Decimal` from its own characters, and `yes` and `no` are words."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from heatstream.errors import BadInput

BOOL = "tag:yaml.org,2002:bool"


class _Exact:
    """What a safe loader needs to give exact decimals and plain words, and to refuse a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]  # type: ignore[attr-defined]
        if len(keys) != len(set(keys)):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise yaml.MarkedYAMLError(problem=f"the key {twice!r} stands twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)  # type: ignore[misc, no-any-return]


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    text = str(loader.construct_scalar(node))
    try:
        return Decimal(text.replace("_", ""))
    except ArithmeticError:
        raise yaml.MarkedYAMLError(problem=f"{text!r} is no decimal", problem_mark=node.start_mark) from None


def _exact(safe: Any) -> Any:
    """Make an exact loader of a safe one."""
    loader: Any = type("_Loader", (_Exact, safe), {})
    # `yes` and `no` are words here, as YAML 1.2 has it: options bear them as values.
    loader.yaml_implicit_resolvers = {
        first: [(tag, form) for tag, form in resolvers if tag != BOOL]
        for first, resolvers in safe.yaml_implicit_resolvers.items()
    }
    loader.add_implicit_resolver(BOOL, re.compile(r"true|false"), list("tf"))
    loader.add_constructor("tag:yaml.org,2002:float", _decimal)
    return loader


_Loader = _exact(yaml.SafeLoader)
# Some eight times as fast where it is built in, and every process reads the packs; its messages quote no line.
_FastLoader = _exact(getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _load(text: str) -> Any:
    try:
        return yaml.load(text, _FastLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader


def read(path: Path) -> dict[str, Any]:
    """Read a mapping from a YAML file.

    Raises
    ------
    BadInput
        The file is not there, is not YAML, or holds no mapping.
    """
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise BadInput(f"{path}: not there") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not YAML: {error}") from error


def parse(text: str, where: str) -> dict[str, Any]:
    """Read a mapping from YAML, or JSON; `where` names it in messages.

    Raises
    ------
    BadInput
        It is not YAML, or holds no mapping.
    """
    try:
        tree = _load(text)
    except yaml.YAMLError as error:
        raise BadInput(f"{where}: not YAML: {error}") from error
    if not isinstance(tree, dict):
        raise BadInput(f"{where}: seen {type(tree).__name__}, expected a mapping")
    return tree


class Lines:
    """Where the values of a file stand."""

    def __init__(self, path: Path) -> None:
        self._root = yaml.compose(path.read_text(encoding="utf-8"), _Loader) if path.is_file() else None

    def of(self, where: tuple[int | str, ...]) -> str:
        """Give the line of a value, or of what should hold it, as ` line N:`; empty where there is no file."""
        if self._root is None:
            return ""
        node, mark = self._root, self._root.start_mark
        for step in where:
            node, mark = next(_below(node, step), (node, mark))
        return f" line {mark.line + 1}:"


def _below(node: yaml.Node, step: int | str) -> Iterator[tuple[yaml.Node, yaml.Mark]]:
    """Give the part of a node that a step leads to, if there is one, and where it begins."""
    if isinstance(node, yaml.MappingNode):
        yield from ((value, key.start_mark) for key, value in node.value if key.value == str(step))
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        yield node.value[step], node.value[step].start_mark
