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
"""

from collections.abc import Sequence

from heatstream.core.units import Centi, Count, Micros

FORM = b"heatstream-point-day/1\x00"


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
    """
    raise NotImplementedError


def combined(digests: Sequence[bytes]) -> bytes:
    """Digest several digests in their order: a finding's, over the days and rooms it used."""
    raise NotImplementedError
