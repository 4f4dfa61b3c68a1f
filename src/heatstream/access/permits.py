"""Which role may ask what: the one table of it, for the API and the pages; docs/access.md tells it to people.

What is not in the table is refused to everybody. Rows are another matter: `store.row_scope` narrows them, so that a
role that may list homes still sees its own alone.
"""

from collections.abc import Mapping
from typing import Final

from heatstream.access.principal import Principal
from heatstream.claims.event_words import role, roles
from heatstream.errors import HeatstreamError

Roles = frozenset[str]

WHOLE: Final = frozenset({"city", "auditor"})
"""They see the whole city."""
COMPANIES: Final = frozenset({"company", "inspector"})
OFFICES: Final = WHOLE | {"district"}
PARTIES: Final = OFFICES | COMPANIES
"""Who supervises, and who is supervised."""
IN_TOUCH: Final = PARTIES | {"hotline", "street"}
"""Who talks with homes."""
IN_CLAIMS: Final = IN_TOUCH | {"third_party", "household"}
"""Who records in claims, or looks over those who do."""
EVERYBODY: Final = IN_TOUCH | {"third_party", "household", "province"}

API: Final[Mapping[str, Roles]] = {
    "/households": IN_TOUCH | {"third_party", "household"},
    "/points": PARTIES | {"third_party", "household"},
    "/readings": PARTIES | {"household"},
    "/statistics": PARTIES | {"household"},
    "/flags": PARTIES | {"street"},
    "/changes": PARTIES,
    "/changes/head": PARTIES,
    "/stream": PARTIES,
    "/findings": PARTIES | {"household"},
    "/findings/{finding_id}/explain": PARTIES | {"household"},
    "/remeasure": PARTIES | {"street"},
    "/claims": PARTIES | {"hotline", "third_party", "household"},
    "/claims/{claim}": PARTIES | {"hotline", "third_party", "household"},
    "/today": PARTIES | {"hotline", "street"},
    "/matters": PARTIES | {"hotline", "street"},
    "/matters/{code}": PARTIES | {"hotline", "street"},
    "/stations": PARTIES,
    "/stations/{code}/days": PARTIES,
    "/stations/{code}/supply": PARTIES,
    "/spans": PARTIES,
    "/meters/{device}/days": PARTIES,
    "/meters/{device}/marks": PARTIES,
    "/tickets": PARTIES | {"hotline"},
    "/tickets/{line}/{ticket_no}": OFFICES | {"hotline"},
    "/work-orders": IN_TOUCH,
    "/work-orders/figures": IN_TOUCH,
    "/work-orders/groups": IN_TOUCH,
    "/fuel": PARTIES,
    "/declarations": PARTIES,
    "/companies/{code}/file": PARTIES,
    "/publications": EVERYBODY,
    "/warnings": PARTIES,
    "/scorecards/{company}": PARTIES,
    "/scorecards/{company}/rows": PARTIES,
    "/ranking": WHOLE,
    "/strata": PARTIES,
    "/reports": WHOLE,
    "/reports/{report}": WHOLE,
    "/reports/{report}/workbook": WHOLE,
    "/summary": PARTIES | {"province"},
    "/packs": EVERYBODY,
    "/policies": EVERYBODY,
    "/rejects": WHOLE | COMPANIES,
    "/access-log": WHOLE,
    "/incidents": WHOLE,
    "/exports": EVERYBODY,
    "/exports/{code}": EVERYBODY,
    "/exports/{code}/file": EVERYBODY,
}
"""Addresses under /api/v1."""

PAGES: Final[Mapping[str, Roles]] = {
    "/": PARTIES,
    "/today": PARTIES | {"hotline", "street"},
    "/matters/{code}": PARTIES | {"hotline", "street"},
    "/household/{code}": PARTIES | {"household"},
    "/buildings": PARTIES,
    "/buildings/{code}": PARTIES,
    "/claims": IN_CLAIMS,
    "/claims/open": COMPANIES | {"district", "hotline", "street", "household"},
    "/claims/visits": IN_TOUCH | {"third_party"},
    "/claims/{code}": IN_CLAIMS,
    "/rows/claims": IN_CLAIMS,
    "/rows/claims/{code}": IN_CLAIMS,
    "/rows/claims/{code}/files/{sha256}": IN_CLAIMS,
    "/rows/claims/{code}/papers/{paper}": IN_CLAIMS,
    "/rows/places/{level}": PARTIES,
    "/rows/flags": PARTIES,
    "/findings": PARTIES,
    "/rows/city": PARTIES,
    "/rows/city/trend": PARTIES,
    "/rows/findings": PARTIES,
    "/rows/findings.csv": PARTIES,
    "/rows/household/{code}/findings": PARTIES | {"household"},
    "/rows/household/{code}/findings/{day}/explained": PARTIES | {"household"},
    "/rows/household/{code}/statistics": PARTIES | {"household"},
    "/rows/household/{code}/evidence": WHOLE | {"district", "company", "household"},
    "/rows/evidence/verify": WHOLE | {"district", "company", "household"},
    "/rows/household/{code}/curve": PARTIES | {"household"},
    "/rows/household/{code}/marks": PARTIES | {"household"},
    "/rows/buildings": PARTIES,
    "/rows/buildings/{code}/day": PARTIES,
    "/rows/search": PARTIES,
    "/ingest": PARTIES,
    "/ingest/replay": frozenset({"city"}),
    "/ingest/doctor": WHOLE,
    "/ingest/conflict": frozenset({"district", "city"}),
    "/rows/ingest/gateways": PARTIES,
    "/rows/ingest/reasons": PARTIES,
    "/rows/ingest/rejects": PARTIES,
    "/rows/ingest/incidents": WHOLE,
    "/rows/ingest/conflicts": PARTIES,
    "/rules": EVERYBODY,
    "/rules/{name}": EVERYBODY,
    "/rules/options/{option}": EVERYBODY,
    "/rules/in-force": EVERYBODY,
    "/rules/what-if": frozenset({"city"}),
    "/rows/rules": EVERYBODY,
    "/rows/rules/in-force": EVERYBODY,
    "/rows/today": PARTIES | {"hotline", "street"},
    "/rows/matters": PARTIES | {"hotline", "street"},
    "/rows/matters/{code}/supply": PARTIES,
    "/rows/matters/{code}/papers/{sha256}": PARTIES | {"hotline"},
    "/rows/stations/{code}/supply": PARTIES,
    "/companies": PARTIES,
    "/companies/{code}": PARTIES,
    "/stations/{code}": PARTIES,
    "/sources/{code}": PARTIES,
    "/warnings": PARTIES,
    "/scores": WHOLE,
    "/matters": PARTIES | {"hotline", "street"},
    "/tickets": OFFICES | {"hotline"},
    "/tickets/{line}/{ticket_no}": OFFICES | {"hotline"},
    "/reports": WHOLE | {"company"},
    "/rows/companies": PARTIES,
    "/rows/companies/{code}/incidents": PARTIES,
    "/rows/companies/{code}/matters": PARTIES,
    "/rows/companies/{code}/fuel": PARTIES,
    "/rows/companies/{code}/declarations": PARTIES,
    "/rows/companies/{code}/stations": PARTIES,
    "/rows/scorecards/{code}": PARTIES,
    "/rows/scores": WHOLE,
    "/rows/stations/{code}/days": PARTIES,
    "/rows/stations/{code}/spans": PARTIES,
    "/rows/stations/{code}/schedule": PARTIES,
    "/rows/stations/{code}/stops": PARTIES,
    "/rows/stations/{code}/homes": PARTIES,
    "/rows/sources/{code}/stations": PARTIES,
    "/rows/sources/{code}/fuel": PARTIES,
    "/rows/warnings": PARTIES,
    "/rows/tickets": OFFICES | {"hotline"},
    "/rows/reports": WHOLE,
    "/rows/reports/{report}/workbook": WHOLE,
}
"""Pages, and the rows that they fetch."""


class NotPermitted(HeatstreamError):
    """The role may not ask this."""


def check(principal: Principal, route: str, table: Mapping[str, Roles]) -> None:
    """Refuse what the table does not permit.

    Raises
    ------
    NotPermitted
        Naming the role, and those that may.
    """
    permitted = table.get(route, frozenset())
    if principal.role not in permitted:
        raise NotPermitted(
            f"{principal.who} asks as {principal.role}; {route} is for {', '.join(sorted(permitted)) or 'nobody'}",
            zh=f"{principal.who} 的角色为{role(principal.role)}；{route} 只限{roles(permitted) or '无人'}",
        )


def may(principal: Principal, route: str, table: Mapping[str, Roles]) -> bool:
    """Tell whether the table permits it, for links that lead nowhere otherwise."""
    return principal.role in table.get(route, frozenset())
