"""How large the benches run. The environment carries it, so that a bench's own processes see it too."""

import os

_VARIABLE = "BENCH_QUICK"


def set_quick(*, quick: bool) -> None:
    os.environ[_VARIABLE] = str(int(quick))


def quick() -> bool:
    return os.environ.get(_VARIABLE) == "1"


def scaled(full: int, small: int) -> int:
    return small if quick() else full
