"""From room-temperature readings to findings a heating office can sign."""

__version__ = "0.1.0"
