"""`python -m heatstream`."""

from heatstream.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
