"""Every page there is to look at in the town: who builds one adds its address here, and it is checked with the rest."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from tests.browser.claimed import CLAIM

GRID, CHART = ".hs-grid .ag-row", ".hs-chart canvas"


class Address(NamedTuple):
    """A page of the town.

    Attributes
    ----------
    path : one that it has there
    ready : what stands in it once it is whole
    role : who looks at it
    """

    path: str
    ready: str = "main h1"
    role: str = "city"


PAGES: Final[Mapping[str, Address]] = {
    "/": Address("/", GRID),
    "/findings": Address("/findings?outcome=failing", GRID),
    "/today": Address("/today", ".hs-stop"),
    "/buildings": Address("/buildings", GRID),
    "/buildings/{code}": Address("/buildings/B2"),
    "/household/{code}": Address("/household/H1", CHART),
    "/claims": Address("/claims", GRID),
    "/claims/open": Address("/claims/open?household=H2", ".hs-form", "hotline"),
    "/claims/visits": Address("/claims/visits", ".hs-claims-visits"),
    "/claims/{code}": Address(f"/claims/{CLAIM}", ".hs-event"),
    "/companies": Address("/companies", GRID),
    "/companies/{code}": Address("/companies/E1"),
    "/stations/{code}": Address("/stations/T1"),
    "/sources/{code}": Address("/sources/HS1"),
    "/warnings": Address("/warnings", GRID),
    "/scores": Address("/scores"),
    "/matters": Address("/matters", GRID),
    "/matters/{code}": Address("/matters/INC-T1", CHART),
    "/tickets": Address("/tickets", GRID),
    "/tickets/{line}/{ticket_no}": Address("/tickets/12345/K-1"),
    "/reports": Address("/reports"),
    "/rules": Address("/rules", GRID),
    "/rules/{name}": Address("/rules/cn-22-changchun"),
    "/rules/options/{option}": Address("/rules/options/rooms"),
    "/rules/what-if": Address("/rules/what-if"),
    "/ingest": Address("/ingest", GRID),
}
"""By their route, as `access.permits.PAGES` names them."""
ACTS: Final = frozenset({"/ingest/replay", "/ingest/doctor", "/ingest/conflict", "/rules/in-force"})
"""What a page's buttons ask by themselves, or a part of one of the pages above."""
