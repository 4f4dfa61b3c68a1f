import re, json
import pytest
from tests.access.test_walk import PAGES, API, filled, ACTS, PREFIX
pytestmark = pytest.mark.asyncio(loop_scope="session")

async def test_probe(api, web):
    for role in ("auditor","inspector","hotline","street","third_party"):
        for path in sorted({filled(r) for r in PAGES if r not in ACTS}):
            r = await web(role, path)
            if r.status_code != 200: continue
            hits = set(re.findall(r'"(?:address|door|floor|stair|[a-z_]*_fen)": ?(?!null)[^,}]{1,40}', r.text))
            hits |= set(re.findall(r'.{0,10}(?:H1|H2|H3|H4)室|.{0,20}(?:测算额|yuan|元).{0,30}', r.text))
            if hits: print("WEB", role, path, sorted(hits)[:6])
    for role in ("auditor","hotline","province"):
        for path in sorted({filled(PREFIX+r) for r in API if r != "/stream"}):
            r = await api(role, path)
            if r.status_code != 200: continue
            hits = set(re.findall(r'"(?:address|door|floor|stair|[a-z_]*_fen)": ?(?!null)[^,}]{1,40}', r.text))
            if hits: print("API", role, path, sorted(hits)[:6])
    r = await api("auditor", PREFIX+"/households")
    print(r.text[:600])
    for q in ("limit="+"9"*5000, "next=W10=", "day_from=2026-01-01"):
        r = await api("city", f"{PREFIX}/findings?{q}"); print(q[:20], r.status_code, r.text[:300])
    import base64, msgspec, hashlib
    told = msgspec.json.encode([f"{PREFIX}/matters", []]); fp = hashlib.sha256(told).hexdigest()[:16]
    nxt = base64.urlsafe_b64encode(msgspec.json.encode([fp,[10**17]])).decode()
    for key in ([10**17],[2**62],[-1]):
        nxt = base64.urlsafe_b64encode(msgspec.json.encode([fp,key])).decode()
        r = await api("city", f"{PREFIX}/matters?next={nxt}"); print("forged", key, r.status_code, r.text[:200])
    H={"Idempotency-Key":"x1"}
    async def post(content, key): 
        r = await api("city", f"{PREFIX}/exports", "POST", content=content, headers={"Idempotency-Key":key,"content-type":"application/json"})
        print("POST", content[:60], r.status_code, r.headers.get("content-type"), r.text[:250])
    await post(b'{"noun":"\\ud800","media_type":"text/csv"}', "a")
    await post(b'{"noun":"findings","parameters":{"district":"\\ud800"},"media_type":"text/csv"}', "b")
    await post(b'{"noun":"findings","parameters":{"\\ud800":"x"},"media_type":"text/csv"}', "c")
    await post(b'{"noun":"findings","parameters":{"x":'+b'['*20000+b']'*20000+b'},"media_type":"text/csv"}', "d")
    await post(b'{"noun":"findings","parameters":{"x":'+b'9'*5000+b'},"media_type":"text/csv"}', "e")
    await post(b'{"noun":"findings","parameters":{"district":"a\\u0000"},"media_type":"text/csv"}', "f")
    for noun in sorted(api.app.state.listings.nouns):
        p = {"household":"H1"} if noun=="readings" else {}
        r = await api("city", f"{PREFIX}/exports", "POST", json={"noun":noun,"parameters":p,"media_type":"text/csv"}, headers={"Idempotency-Key":"n-"+noun})
        print("export", noun, r.status_code, "" if r.status_code==202 else r.text[:300])
    r = await api("city", f"{PREFIX}/exports", "POST", json={"noun":"publications","media_type":"text/csv"}, headers={"Idempotency-Key":"n-p2"})
    print(r.headers, r.text)
    for rng in ("bytes="+"9"*5000+"-",):
        r = await api("city", f"{PREFIX}/exports/none/file", headers={"Range":rng}); print("range", r.status_code)
