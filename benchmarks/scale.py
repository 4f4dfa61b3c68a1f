"""How large the benches run. The environment carries it, so that a bench's own processes see it too."""

import os
from pathlib import Path

_FOLDER = "BENCH_FOLDER"
_VARIABLE = "BENCH_QUICK"
_CHOSEN = "BENCH_CHOSEN_"


def set_quick(*, quick: bool) -> None:
    os.environ[_VARIABLE] = str(int(quick))


def quick() -> bool:
    return os.environ.get(_VARIABLE) == "1"


def scaled(full: int, small: int) -> int:
    return small if quick() else full


def choose(**options: str | None) -> None:
    """Keep what was asked for besides: `choose(seed="3")`."""
    os.environ.update({f"{_CHOSEN}{name.upper()}": value for name, value in options.items() if value is not None})


def chosen(name: str) -> str | None:
    return os.environ.get(f"{_CHOSEN}{name.upper()}")


def share_folder(folder: str) -> None:
    """Let the benches of one run build their half-full city once."""
    os.environ[_FOLDER] = folder


def shared_folder() -> Path | None:
    return Path(os.environ[_FOLDER]) if _FOLDER in os.environ else None
