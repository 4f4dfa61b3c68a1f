"""How many examples a test of agreement tries: few in the suite, many by hand with HYPOTHESIS_PROFILE=deep."""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, settings

DEEPER = 100 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 1


def tried(examples: int) -> Callable[[Any], Any]:
    """Try so many examples, or a hundred times as many by hand."""
    return settings(
        max_examples=examples * DEEPER,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    )
