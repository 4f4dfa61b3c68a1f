"""Commands of ours that a page starts: doctor, replay of rejects, a what-if.

Each runs in a process of its own, as by the command line: it may take minutes of the processor, and a page that others
look at must not wait for it. One at a time, for the machine has other work.
"""

import asyncio
import sys
from typing import Final, NamedTuple

from heatstream.errors import Refused

LONGEST_S: Final = 600
_running = asyncio.Lock()


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    """0 done, 1 failed, 2 wrong use, 3 refused by the law or by a missing choice."""
    out: str
    err: str


async def run(*words: str) -> Ran:
    """Run `heatstream WORDS` with the settings of this process.

    Raises
    ------
    Refused
        Another is running, or it did not end in `LONGEST_S`.
    """
    if _running.locked():
        raise Refused(
            "another command of this kind is running; try again when it has ended",
            zh="另一项命令正在运行，请待其结束后再试",
        )
    async with _running:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "heatstream", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(LONGEST_S):
                out, err = await child.communicate()
        except TimeoutError:
            raise Refused(
                f"heatstream {words[0]}: it did not end within {LONGEST_S} s, and was stopped",
                zh=f"heatstream {words[0]} 在 {LONGEST_S} 秒内未结束，已终止",
            ) from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
    return Ran(child.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace"))
