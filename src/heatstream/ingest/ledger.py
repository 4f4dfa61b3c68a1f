"""Counting what became of a batch: every reading once, by gateway and kind."""

from typing import Final, NamedTuple

import numpy as np

from heatstream.core.quality import Quality
from heatstream.ingest.border import Checked, Reason, Rows
from heatstream.ingest.columns import Codes, Ints, Mask, SmallInts
from heatstream.store.ledger import Entries
from heatstream.store.stage import Fate

_FATES: Final = {
    Fate.STORED: "stored",
    Fate.REPEATED: "repeated",
    Fate.CONFLICTING: "conflicting",
    Fate.REJECTED: "rejected",
}


class Fates(NamedTuple):
    """What became of each row; (rows,) each, in the order of the columns."""

    indoor: Codes
    meters: Codes


class Totals(NamedTuple):
    """Of a whole batch."""

    messages: int = 0
    undecodable: int = 0
    over_quota: int = 0
    readings: int = 0
    stored: int = 0
    repeated: int = 0
    conflicting: int = 0
    rejected: int = 0
    late: int = 0

    def plus(self, other: "Totals") -> "Totals":
        return Totals(*(one + more for one, more in zip(self, other, strict=True)))


def tally(checked: Checked, fates: Fates, over_quota: Mask) -> Entries:
    """Count a batch for the ledger.

    Parameters
    ----------
    over_quota : (messages,) refused and not kept
    """
    senders = len(checked.sender)
    undecodable = np.zeros(len(checked), np.bool_)
    undecodable[list(checked.decoded.undecodable)] = True
    counts = {
        "messages": _by_sender(checked.sender_of, senders),
        "undecodable": _by_sender(checked.sender_of[undecodable], senders),
        "over_quota": _by_sender(checked.sender_of[over_quota], senders),
    }
    became, late = np.zeros((senders, len(Fate)), np.int64), np.zeros(senders, np.int64)
    for message, rows, fate in (
        (checked.decoded.indoor.message, checked.indoor, fates.indoor),
        (checked.decoded.meters.message, checked.meters, fates.meters),
    ):
        sender = checked.sender_of[message]
        became += _by_sender(sender * len(Fate) + fate, senders * len(Fate)).reshape(senders, len(Fate))
        late += _by_sender(sender[_late(rows, fate)], senders)
    counts["readings"] = became.sum(axis=1)
    counts |= {name: became[:, fate] for fate, name in _FATES.items()}
    gateways, kinds = [each.gateway for each in checked.sender], [each.kind for each in checked.sender]
    return Entries(gateways, kinds, counts | {"late": late})


def _by_sender(sender: SmallInts, senders: int) -> Ints:
    return np.bincount(sender, minlength=senders).astype(np.int64)


def _late(rows: Rows, fate: Codes) -> Mask:
    found: Mask = (fate == Fate.STORED) & ((rows.flags & int(Quality.LATE)) != 0)
    return found


def totals(entries: Entries) -> Totals:
    """Add the senders up."""
    return Totals(**{name: int(count.sum()) for name, count in entries.counts.items()})


def refused_by_reason(checked: Checked) -> dict[str, int]:
    """Count refused readings by reason code."""
    reasons = np.concatenate([checked.indoor.reason, checked.meters.reason])
    counts = np.bincount(reasons, minlength=len(Reason)).tolist()
    return {reason.code: counts[reason] for reason in Reason if reason is not Reason.FINE and counts[reason]}
