"""YAML whose numbers are exact: a decimal is a `Decimal` from its own characters, never a binary float."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from heatstream.errors import BadInput


class _Loader(yaml.SafeLoader):
    """The safe loader, with exact decimals, plain dates and no key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len(keys) != len(set(keys)):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise yaml.MarkedYAMLError(problem=f"the key {twice!r} stands twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    text = str(loader.construct_scalar(node))
    try:
        return Decimal(text.replace("_", ""))
    except ArithmeticError:
        raise yaml.MarkedYAMLError(problem=f"{text!r} is no decimal", problem_mark=node.start_mark) from None


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)


def read(path: Path) -> dict[str, Any]:
    """Read a mapping from a YAML file.

    Raises
    ------
    BadInput
        The file is not there, is not YAML, or holds no mapping.
    """
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    except FileNotFoundError:
        raise BadInput(f"{path}: not there") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: not YAML: {error}") from error
    if not isinstance(tree, dict):
        raise BadInput(f"{path}: seen {type(tree).__name__}, expected a mapping")
    return tree
