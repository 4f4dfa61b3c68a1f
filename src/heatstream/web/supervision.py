"""The pages of supervision and the rows that they fetch, all of them."""

from fastapi import FastAPI

from heatstream.settings import Settings
from heatstream.web import (
    companies_page,
    company_page,
    company_rows,
    matter_page,
    matter_rows,
    matters_page,
    report_rows,
    reports_page,
    station_page,
    station_rows,
    ticket_rows,
    tickets_page,
    today_page,
    warning_rows,
    warnings_page,
)

ROWS = (matter_rows, company_rows, station_rows, warning_rows, ticket_rows, report_rows)
PAGES = (
    today_page,
    matters_page,
    matter_page,
    companies_page,
    company_page,
    station_page,
    warnings_page,
    tickets_page,
    reports_page,
)


def add_rows(app: FastAPI) -> None:
    """Add the rows."""
    for each in ROWS:
        app.include_router(each.router)


def add_pages(settings: Settings) -> None:
    """Add the pages."""
    for each in PAGES:
        each.add(settings)
