"""What a gateway keeps until it is receipted: its flash memory, as a SQLite file (or in memory, for a town that ends).

One file holds all gateways of a town. Without syncs: it outlives a killed process, which is what a restart needs.
"""

import sqlite3
from pathlib import Path
from typing import NamedTuple


class Message(NamedTuple):
    """A numbered message, ready to send; sent again, it is the same bytes."""

    gateway: str
    sequence: int
    """0 = none: foreign noise that no receipt will ever name"""
    topic: str
    payload: bytes
    copies: int = 1
    """how often the gateway sends it in a row"""


class Noise(NamedTuple):
    """What carries no sequence: no receipt names it, so it is done when the broker acknowledges it."""

    number: int
    topic: str
    payload: bytes


SCHEMA = """
create table if not exists message (
    gateway text, sequence integer, topic text, payload blob, copies integer, primary key (gateway, sequence)
) without rowid;
create table if not exists counter (gateway text primary key, last integer, receipt integer) without rowid;
create table if not exists noise (number integer primary key, gateway text, topic text, payload blob);
create table if not exists note (name text primary key, text text) without rowid;
"""


class Memory:
    """The storage of a town of gateways."""

    def __init__(self, path: Path | None = None) -> None:
        self.db = sqlite3.connect(path if path is not None else ":memory:", isolation_level=None)
        self.db.execute("pragma journal_mode = wal")
        self.db.execute("pragma synchronous = off")
        self.db.executescript(SCHEMA)

    def close(self) -> None:
        self.db.close()

    def note(self, name: str) -> str | None:
        row = self.db.execute("select text from note where name = ?", (name,)).fetchone()
        return row[0] if row else None

    def put_note(self, name: str, text: str) -> None:
        self.db.execute("insert or replace into note values (?, ?)", (name, text))


class Outbox:
    """One gateway's share of the memory."""

    def __init__(self, memory: Memory, gateway: str) -> None:
        self._db, self._gateway = memory.db, gateway
        self._db.execute("insert or ignore into counter values (?, 0, 0)", (gateway,))
        row = self._db.execute("select last, receipt from counter where gateway = ?", (gateway,)).fetchone()
        self.last, self.receipt = int(row[0]), int(row[1])

    @property
    def unreceipted(self) -> int:
        return self.last - self.receipt

    def keep(self, messages: list[Message]) -> None:
        """Store numbered messages; their sequences follow the last one without a gap."""
        expected = range(self.last + 1, self.last + 1 + len(messages))
        if [one.sequence for one in messages] != list(expected):
            raise ValueError(f"gateway {self._gateway}: expected sequences {expected}, seen {messages[0].sequence}…")
        self._db.execute("begin")
        self._db.executemany("insert into message values (?, ?, ?, ?, ?)", messages)
        self._db.execute("update counter set last = ? where gateway = ?", (expected.stop - 1, self._gateway))
        self._db.execute("commit")
        self.last = expected.stop - 1

    def adopt(self, sequence: int) -> None:
        """Go on above a sequence that was given out in a life that this memory does not know."""
        self._db.execute(
            "update counter set last = ?, receipt = ? where gateway = ?", (sequence, sequence, self._gateway)
        )
        self.last = self.receipt = sequence

    def keep_noise(self, topic: str, payload: bytes) -> Noise:
        added = self._db.execute(
            "insert into noise (gateway, topic, payload) values (?, ?, ?)", (self._gateway, topic, payload)
        )
        return Noise(added.lastrowid or 0, topic, payload)

    def noise(self) -> list[Noise]:
        rows = self._db.execute(
            "select number, topic, payload from noise where gateway = ? order by number", (self._gateway,)
        )
        return [Noise(*row) for row in rows]

    def release_noise(self, noise: Noise) -> None:
        self._db.execute("delete from noise where number = ?", (noise.number,))

    def after(self, sequence: int, limit: int = 128) -> list[Message]:
        """Give the next kept messages above a sequence, in order."""
        rows = self._db.execute(
            "select * from message where gateway = ? and sequence > ? order by sequence limit ?",
            (self._gateway, sequence, limit),
        )
        return [Message(*row) for row in rows]

    def release(self, through: int) -> None:
        """Forget what is receipted; a receipt that goes back is old news."""
        if through <= self.receipt:
            return
        self._db.execute("begin")
        self._db.execute("delete from message where gateway = ? and sequence <= ?", (self._gateway, through))
        self._db.execute("update counter set receipt = ? where gateway = ?", (through, self._gateway))
        self._db.execute("commit")
        self.receipt = through
