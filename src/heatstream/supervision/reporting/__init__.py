"""Daily, weekly and half-monthly reports."""
