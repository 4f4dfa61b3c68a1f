"""Which mapping profiles there are: those shipped, by name, and the operator's own, by file."""

import tomllib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from heatstream.errors import SettingsError
from heatstream.ingest.formats.mapping import Profile

NATIVE: Final = "native"
SENML: Final = "senml"
_CODED: Final = frozenset({NATIVE, SENML})
_SUFFIXES: Final = (".yaml", ".yml", ".toml")
_SHIPPED: Final = resources.files("heatstream.ingest.formats").joinpath("profiles")

__all__ = ["NATIVE", "SENML", "Profile", "load_profile", "load_profiles", "shipped"]


def shipped() -> tuple[str, ...]:
    """Name the profiles that come with heatstream."""
    return tuple(
        sorted(entry.name.removesuffix(".yaml") for entry in _SHIPPED.iterdir() if entry.name.endswith(".yaml"))
    )


def load_profiles(names: Iterable[str]) -> dict[str, Profile]:
    """Load every mapping profile that a subscription names, once."""
    return {name: load_profile(name) for name in dict.fromkeys(names) if name not in _CODED}


def load_profile(name: str) -> Profile:
    """Load one profile: shipped under this name, or the file of this path.

    Raises
    ------
    SettingsError
        There is none, or it is no profile; every fault in one message.
    """
    text, suffix = _text_of(name)
    try:
        tree: Any = tomllib.loads(text) if suffix == ".toml" else yaml.safe_load(text)
        return Profile.model_validate(tree)
    except (tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"profile {name}: {error}") from error
    except ValidationError as error:
        raise SettingsError(_faults(name, error)) from error


def _text_of(name: str) -> tuple[str, str]:
    if name.endswith(_SUFFIXES):
        path = Path(name)
        try:
            return path.read_text(encoding="utf-8"), path.suffix
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"profile {name}: {error}") from error
    if name not in shipped():
        known = ", ".join([*sorted(_CODED), *shipped()])
        raise SettingsError(f"profile {name!r}: expected {known}, or a file ending in {', '.join(_SUFFIXES)}")
    return _SHIPPED.joinpath(f"{name}.yaml").read_text(encoding="utf-8"), ".yaml"


def _faults(name: str, error: ValidationError) -> str:
    faults = error.errors()
    return "\n".join(
        f"profile {name}: {'.'.join(map(str, f['loc']))}: seen {f['input']!r:.80}: {f['msg']}" for f in faults
    )
