"""Homes by where they lie, and what one stop does to its neighbours."""
