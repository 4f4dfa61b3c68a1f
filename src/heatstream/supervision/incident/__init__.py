"""Incidents: what is recorded of them, their repair limits, merging, batch cases, article 33."""
