"""Become another program, under another account if asked, that ends when the one who started it does.

usage: python -I -S leash.py PARENT SIGNAL [UID:GID] -- COMMAND...

A program of its own, run by path: code between fork and exec in a process with threads may wait for ever for a lock
that a thread of the parent held. The account changes first, for the kernel forgets the leash when credentials change.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def change_account(account: str) -> None:
    uid, gid = map(int, account.split(":"))
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)


def tie_to(parent: int, signal: int) -> None:
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal)
    if os.getppid() != parent:  # it ended before the leash was on
        sys.exit(f"leash: process {parent} has ended")


def main() -> None:
    words, command = sys.argv[1 : sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1 :]
    for account in words[2:]:
        change_account(account)
    tie_to(int(words[0]), int(words[1]))
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
