"""The commands of `heatstream supervise`: what is seen of stations and companies, and what persons record of it."""

import typer

from heatstream.cli_companies import company_app
from heatstream.cli_tickets import tickets_app

supervise_app = typer.Typer(no_args_is_help=True, help="Heat sources and companies: docs/supervision.md.")
supervise_app.add_typer(company_app, name="company")
supervise_app.add_typer(tickets_app, name="tickets")
