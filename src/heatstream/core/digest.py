"""The digest of a point-day: SHA-256 over its stored rows in one canonical form.

Canonical form `heatstream-point-day/1`, big-endian, nothing between the parts:

| part | bytes |
| --- | --- |
| the ASCII text `heatstream-point-day/1` and one zero byte | 23 |
| length of the device code in UTF-8 | 2 |
| the device code in UTF-8 | as said |
| local day, days since 1970-01-01, signed | 4 |
| number of rows | 4 |
| each row by rising instant: µs since 1970-01-01T00:00Z, signed, 8 bytes; hundredths of °C, signed, 2 bytes | 10 each |

Frozen: another form has another name.
"""

from collections.abc import Sequence
from hashlib import sha256
from struct import pack

import numpy as np

from heatstream.core.calendar import DAY_US, day_start_us
from heatstream.core.units import Centi, Count, Micros

FORM = b"heatstream-point-day/1\x00"
ROW = np.dtype([("observed_us", ">i8"), ("temp_centi", ">i2")])


def point_day_digests(
    devices: Sequence[str], day: int, point: Count, observed_us: Micros, temp_centi: Centi
) -> list[bytes]:
    """Digest the rows of each point's local day.

    Parameters
    ----------
    devices : (points,) device code of each row of the grid
    day : local day [days since 1970-01-01]
    point : (readings,) int32, never falling
    observed_us : (readings,) int64 [µs], rising within a point; those outside 00:00-24:00 of the day are left out
    temp_centi : (readings,) int16 [0.01 °C]

    Returns
    -------
    (points,) 32 bytes each; a point without rows has a digest too, of zero rows

    Raises
    ------
    ValueError
        The rows are not sorted by point and instant.
    """
    since = observed_us - day_start_us(day)
    within = (since >= 0) & (since < DAY_US)
    if not within.all():
        point, observed_us, temp_centi = point[within], observed_us[within], temp_centi[within]
    _refuse_unsorted(point, observed_us)
    rows = np.empty(len(point), ROW)
    rows["observed_us"], rows["temp_centi"] = observed_us, temp_centi
    ends = np.searchsorted(point, np.arange(len(devices) + 1)).tolist()
    stored = rows.view(np.uint8).data
    return [
        _digest(device, day, end - begin, stored[begin * ROW.itemsize : end * ROW.itemsize])
        for device, begin, end in zip(devices, ends[:-1], ends[1:], strict=True)
    ]


def _refuse_unsorted(point: Count, observed_us: Micros) -> None:
    same = point[1:] == point[:-1]
    if np.any(point[1:] < point[:-1]) or np.any(same & (observed_us[1:] <= observed_us[:-1])):
        raise ValueError("rows are not sorted by point and instant, each instant once")


def _digest(device: str, day: int, rows: int, stored: memoryview) -> bytes:
    code = device.encode()
    digest = sha256(FORM + pack(">H", len(code)) + code + pack(">ii", day, rows))
    digest.update(stored)
    return digest.digest()


def combined(digests: Sequence[bytes]) -> bytes:
    """Digest several digests in their order: a finding's, over the rooms and days it used."""
    return sha256(b"".join(digests)).digest()
