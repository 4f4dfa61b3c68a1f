"""The commands of `heatstream supervise`: what is seen of stations and companies, and what persons record of it."""

import typer

supervise_app = typer.Typer(no_args_is_help=True, help="Heat sources and companies: docs/supervision.md.")
