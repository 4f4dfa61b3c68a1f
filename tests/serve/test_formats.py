"""A listing is written as it is asked for, and every writing holds the same rows."""

import csv
import datetime as dt
import gzip
import io
import json
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from heatstream.access import fields
from heatstream.serve import formats
from heatstream.serve.formats import CSV, JSON, LISTED, NDJSON, PARQUET, chosen
from heatstream.serve.routes.registry import Household
from heatstream.serve.shapes import Shape
from tests.serve.conftest import MakeKey

FINDINGS = "/api/v1/findings"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("text/html, */*;q=0.8", JSON),
        ("text/csv", CSV),
        ("text/*", CSV),
        ("TEXT/CSV; header=present", CSV),
        ("application/json;q=0.5, application/x-ndjson", NDJSON),
        ("text/csv, */*", CSV),
        ("*/*, text/csv;q=0.9", JSON),
        ("text/csv, application/json", CSV),
        ("application/*;q=0.9, application/json;q=0.1", NDJSON),
        ("application/vnd.apache.parquet;q=1.0", PARQUET),
        ("*/*;q=0", None),
        ("text/csv;q=0", None),
        ("text/csv;q=x", None),
        ("text/html", None),
        ("csv", None),
    ],
)
def test_accept_chooses_by_quality_then_by_exactness_then_by_order(accept: str, media_type: str | None) -> None:
    assert chosen(accept, LISTED) == media_type


async def written(client: httpx.AsyncClient, media_type: str, path: str = FINDINGS, **query: str) -> httpx.Response:
    response = await client.get(path, headers={"Accept": media_type}, params=query)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].partition(";")[0] == media_type
    return response


async def test_ndjson_holds_the_rows_of_json(reader: httpx.AsyncClient) -> None:
    rows = (await written(reader, JSON)).json()["rows"]
    lines = (await written(reader, NDJSON)).text.splitlines()
    assert [json.loads(line) for line in lines] == rows


async def test_csv_holds_the_rows_of_json(reader: httpx.AsyncClient) -> None:
    rows = (await written(reader, JSON)).json()["rows"]
    response = await written(reader, CSV)
    assert response.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    told = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert [list(row) for row in told] == [list(row) for row in rows]
    assert [row["outcome_zh"] for row in told] == [row["outcome_zh"] for row in rows]
    assert [row["computed_fen"] for row in told] == [str(row["computed_fen"]) for row in rows]


async def test_parquet_has_typed_columns(reader: httpx.AsyncClient) -> None:
    rows = (await written(reader, JSON)).json()["rows"]
    table = pq.read_table(io.BytesIO((await written(reader, PARQUET)).content))
    kinds = {name: str(table.schema.field(name).type) for name in ("period_from", "value_centi", "outcome", "current")}
    assert kinds == {"period_from": "date32[day]", "value_centi": "int64", "outcome": "string", "current": "bool"}
    assert table.column("period_from").to_pylist() == [dt.date.fromisoformat(row["period_from"]) for row in rows]
    assert table.column("value_centi").to_pylist() == [row["value_centi"] for row in rows]


async def test_parquet_keeps_instants_as_instants_and_what_is_nested_as_json(reader: httpx.AsyncClient) -> None:
    query = {"household": "H1", "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}
    rows = (await written(reader, JSON, "/api/v1/readings", **query)).json()["rows"]
    content = (await written(reader, PARQUET, "/api/v1/readings", **query)).content
    table = pq.read_table(io.BytesIO(content))
    assert str(table.schema.field("observed_at").type) == "timestamp[us, tz=UTC]"
    assert table.column("observed_at").to_pylist() == [dt.datetime.fromisoformat(row["observed_at"]) for row in rows]
    others = table.column("other_centi").to_pylist()
    assert [other and json.loads(other) for other in others] == [row["other_centi"] for row in rows]


async def test_no_rows_are_a_whole_file_too(reader: httpx.AsyncClient) -> None:
    lines, header, table = [
        (await written(reader, each, day_from="2026-01-07")).content for each in (NDJSON, CSV, PARQUET)
    ]
    assert (lines, len(header.splitlines()), pq.read_table(io.BytesIO(table)).num_rows) == (b"", 1, 0)


async def test_the_next_page_is_linked_to(reader: httpx.AsyncClient) -> None:
    for media_type in LISTED:
        seen, address = 0, f"{FINDINGS}?limit=4&outcome=compliant&outcome=failing"
        while address:
            response = await reader.get(address, headers={"Accept": media_type})
            assert response.headers["Heatstream-Closed-Through"] == "2026-01-06"
            seen += 1
            address = response.links["next"]["url"] if response.links else ""
        assert seen == 2, media_type


async def test_what_cannot_be_written_is_refused_before_it_is_read(reader: httpx.AsyncClient) -> None:
    for path, expected in ((FINDINGS, ", ".join(LISTED)), ("/api/v1/summary", JSON)):
        response = await reader.get(path, headers={"Accept": "text/html"})
        told = response.json()
        assert (response.status_code, told["type"]) == (406, "urn:heatstream:problem:not-acceptable")
        assert told["detail"] == f"Accept: seen text/html, expected one of {expected}"


async def test_an_accept_of_thousands_of_ranges_is_not_weighed(reader: httpx.AsyncClient) -> None:
    told = (await reader.get("/api/v1/packs", headers={"Accept": "a/b," * 1_000})).json()
    assert (told["status"], told["detail"]) == (406, "Accept: seen 4000 characters, expected at most 1000")


async def test_a_field_that_a_role_does_not_see_is_in_no_format(stranger: httpx.AsyncClient, make_key: MakeKey) -> None:
    """An auditor sees no addresses."""
    stranger.headers["X-API-Key"] = await make_key("read", role="auditor")
    for media_type in (JSON, NDJSON, CSV):
        told = (await written(stranger, media_type, "/api/v1/households")).text
        assert ("H1" in told, "室" in told) == (True, False), media_type
    content = (await written(stranger, PARQUET, "/api/v1/households")).content
    assert set(pq.read_table(io.BytesIO(content)).column("address").to_pylist()) == {None}


class Text(Shape):
    """A row of a text."""

    text: str | None
    tree: list[str]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("冷", "冷,[]"),
        (None, ",[]"),
        ("", '"",[]'),
        ('say "no"', '"say ""no""",[]'),
        ("a,b", '"a,b",[]'),
        ("a\r\nb", '"a\r\nb",[]'),
        ("=1+2", "'=1+2,[]"),
        ("+86 10", "'+86 10,[]"),
        ("-1", "'-1,[]"),
        ("@cmd", "'@cmd,[]"),
        ("\t=1", "'\t=1,[]"),
        ("'quoted'", "''quoted',[]"),
    ],
)
def test_a_text_that_a_spreadsheet_takes_for_a_formula_is_marked(text: str | None, line: str) -> None:
    writer = formats.CsvWriter(Text)
    assert writer.rows([Text(text=text, tree=[])]).decode() == f"text,tree\r\n{line}\r\n"


def test_every_field_of_a_shape_is_a_column_and_says_what_it_is() -> None:
    fields.see_as("city")
    described = {each.name: each.description for each in formats.columns(Household)}
    assert (list(described), described["household"]) == (list(Household.model_fields), "户号")


# --- tags and compression ---------------------------------------------------------------------------------------------


async def test_every_writing_of_the_same_rows_has_a_tag_of_its_own(reader: httpx.AsyncClient) -> None:
    tags = {
        (await reader.get(FINDINGS, headers={"Accept": media_type, "Accept-Encoding": encoding})).headers["etag"]
        for media_type in (JSON, NDJSON, CSV)
        for encoding in ("gzip", "identity")
    }
    assert (len(tags), {tag[0] + tag[-1] for tag in tags}) == (6, {'""'})


async def test_the_same_question_has_the_same_tag(reader: httpx.AsyncClient) -> None:
    for media_type in LISTED:
        first, second = [await written(reader, media_type) for _ in range(2)]
        assert first.headers["etag"] == second.headers["etag"]


async def test_what_the_client_has_is_not_sent_again(reader: httpx.AsyncClient) -> None:
    kept = {"etag", "cache-control", "vary", "link", "heatstream-closed-through"}
    for encoding in ("gzip", "identity"):
        first = await reader.get(f"{FINDINGS}?limit=4", headers={"Accept-Encoding": encoding})
        for known in ("{}", "W/{}", '"other", {}', "*", '"other",W/{} , "third"'):
            asked = {"Accept-Encoding": encoding, "If-None-Match": known.format(first.headers["etag"])}
            again = await reader.get(f"{FINDINGS}?limit=4", headers=asked)
            assert (again.status_code, again.content) == (304, b""), asked
            assert {name: again.headers[name] for name in kept} == {name: first.headers[name] for name in kept}


async def test_another_tag_is_sent_anew(reader: httpx.AsyncClient) -> None:
    response = await reader.get(FINDINGS, headers={"If-None-Match": '"other"'})
    assert (response.status_code, response.headers["cache-control"]) == (200, "private, no-cache")
    assert response.headers["vary"] == "Accept, Accept-Encoding, Authorization, X-API-Key"


async def test_a_page_that_has_got_a_next_one_is_another_answer(reader: httpx.AsyncClient) -> None:
    last = await reader.get("/api/v1/households?limit=5", headers={"Accept": NDJSON})
    one_of_more = await reader.get("/api/v1/households?limit=4", headers={"Accept": NDJSON, "If-None-Match": "x"})
    assert last.headers.get("link") is None
    assert one_of_more.headers["etag"] != last.headers["etag"]


COMPRESSED = [
    ("gzip", FINDINGS, True),
    ("br;q=1, gzip;q=0.5", FINDINGS, True),
    ("*", FINDINGS, True),
    ("gzip;q=0, *", FINDINGS, False),
    ("br", FINDINGS, False),
    ("gzip", "/api/v1/flags?limit=1&building=B2", False),
]


async def test_what_is_long_is_compressed_where_the_client_takes_it(reader: httpx.AsyncClient) -> None:
    for encoding, path, compressed in COMPRESSED:
        async with reader.stream("GET", path, headers={"Accept-Encoding": encoding}) as response:
            raw = b"".join([piece async for piece in response.aiter_raw()])
        assert (response.headers.get("content-encoding") == "gzip") is compressed, encoding
        assert int(response.headers["content-length"]) == len(raw)
        assert isinstance(json.loads(gzip.decompress(raw) if compressed else raw)["rows"], list)


async def test_head_has_the_headers_of_get_and_no_body(reader: httpx.AsyncClient) -> None:
    def told(response: httpx.Response) -> dict[str, Any]:
        own = {name: value for name, value in response.headers.items() if not name.startswith(("x-", "ratelimit"))}
        return own | {"status": response.status_code}

    for path in (FINDINGS, "/api/v1/nothing", f"{FINDINGS}?x=1", "/livez"):
        get, head = await reader.get(path), await reader.head(path)
        assert (told(head), head.content) == (told(get), b""), path


async def test_an_error_has_no_tag_and_is_kept_nowhere(reader: httpx.AsyncClient) -> None:
    response = await reader.get(f"{FINDINGS}?x=1", headers={"If-None-Match": "*"})
    assert (response.status_code, response.headers.get("etag")) == (400, None)
    assert response.headers["cache-control"] == "no-store"


async def test_a_body_that_is_too_large_is_a_problem(reader: httpx.AsyncClient) -> None:
    response = await reader.post(FINDINGS, content=b"x" * 70_000)
    told = response.json()
    assert (response.status_code, told["type"]) == (413, "urn:heatstream:problem:too-large")
    assert told["detail"] == "body: seen 70000 bytes, expected at most 65536 bytes"
