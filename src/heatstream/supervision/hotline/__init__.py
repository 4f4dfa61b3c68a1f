"""The hotlines: tickets, matching, work orders."""
