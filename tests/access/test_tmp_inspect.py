import re, json
import pytest
from tests.access.test_walk import PAGES, API, filled, ACTS, PREFIX
pytestmark = pytest.mark.asyncio(loop_scope="session")

async def test_probe(api, web):
    from tests.access.conftest import town
    for q in ("%2B9000", "9000.0", "%209000", "9_000", "9000", "09000", "٩٠٠٠"):
        r = await api("city", f"{PREFIX}/findings?limit={q}"); print(q, r.status_code, r.text[:100] if r.status_code!=200 else "")
    for role in ("auditor", "inspector"):
        for p in ("/rows/findings","/rows/findings.csv","/rows/flags","/rows/stations/T1/homes","/rows/household/H1/findings","/rows/household/H1/findings/2026-01-06/explained","/rows/buildings/B1/day?day=2026-01-06"):
            r = await web(role, p); print(role, p, r.status_code, "H1室" in r.text, "测算额：" in r.text or '"computed_fen":300' in r.text)
    r = await web("auditor", "/rules/jilin"); print(r.status_code, r.text[:300])
    r = await web("auditor", "/rules/demo-shili"); print(r.status_code, r.text[:300])
