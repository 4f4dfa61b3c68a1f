"""The pages of supervision and the rows that they fetch, all of them."""

from fastapi import FastAPI

from heatstream.settings import Settings
from heatstream.web import (
    company_rows,
    matter_page,
    matter_rows,
    report_rows,
    station_rows,
    ticket_rows,
    today_page,
    warning_rows,
)

ROWS = (matter_rows, company_rows, station_rows, warning_rows, ticket_rows, report_rows)
PAGES = (today_page, matter_page)


def add_rows(app: FastAPI) -> None:
    """Add the rows."""
    for each in ROWS:
        app.include_router(each.router)


def add_pages(settings: Settings) -> None:
    """Add the pages."""
    for each in PAGES:
        each.add(settings)
