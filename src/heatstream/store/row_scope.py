"""Who sees which rows, in the database itself.

`heatstream_reader` is what API and page read with: it owns nothing, and a transaction says with whose eyes by settings
that `heatstream.access.scope` sets. Plain tables have row-level security. Tables that are cut along time have none, for
their pieces would go round it: they are granted to nobody, and are read through views of the same name in the schema
`seen`, which stands before `public` in the reader's search path. So is the ledger, whose rows hold several gateways.

What is narrowed is narrowed with the things it is about: a company, a station or a building that somebody may not see
into is not there for them at all, for one shown with none of its rows would be shown with false figures.

What is seen of a kind is one multirange of ids, asked as `(select seen_…())`: PostgreSQL computes it once a statement,
whatever number of partitions or chunks are read, and only if `(select sees_everything())` was false; the look-up is a
binary search. A set in `in (select …)` would be computed, and hashed, anew for every partition.

Whoever can run SQL of their own as the reader can also say whom they are: the settings guard against mistakes of ours,
not against a stranger who already writes our statements.
"""

from typing import Final

READER: Final = "heatstream_reader"
SEEN: Final = "seen"

_HOUSEHOLD = "(select seen_households()) @> household_id"
_POINT = "(select seen_points()) @> point_id"
_STATION = "(select seen_stations()) @> heat_station_id"
_METER = "(select seen_meters()) @> meter_id"
_CLAIM = "claim_id in (select id from claim)"
_MATTER = "matter_id in (select id from matter)"
_SUPPLY = "heat_station_id in (select id from heat_station) or heat_source_id in (select id from heat_source)"
_OWN_COMPANY = "(select seen_by('company', 'company', 'inspector')::integer)"
_OWN_DISTRICT = "(select seen_by('district', 'district', 'hotline')::integer)"
_OF_COMPANY = "(select seen_as('role') in ('company', 'inspector'))"
_OF_DISTRICT = "(select seen_as('role') = 'district')"
_WHOLE_CITY = "(select seen_as('role') in ('city', 'auditor'))"
_WHO = "who = (select seen_as('who'))"

_TOLD_BY_CODE = ("household", "building", "community", "heat_station", "heat_source", "company", "gateway")

POLICIES: Final[dict[str, str]] = {
    "household": "(select seen_buildings()) @> building_id or (select seen_homes()) @> id",
    "building": "(select seen_buildings()) @> id or (select seen_roofs()) @> id",
    "community": f"district_id = {_OWN_DISTRICT} or id in (select community_id from building)",
    "heat_station": "(select seen_stations()) @> id or id in (select heat_station_id from building)",
    "heat_source": "(select seen_sources()) @> id or id in (select heat_source_id from heat_station)",
    "company": f"id = {_OWN_COMPANY} or (select seen_companies()) @> id or id in (select company_id from heat_station)",
    "gateway": "code in (select seen_gateways())",
    "gateway_progress": "gateway in (select seen_gateways())",
    "meter": "(select seen_meters()) @> id",
    "weather_curve": _SUPPLY,
    "weather_curve_point": "weather_curve_id in (select id from weather_curve)",
    "heating_schedule": "heat_station_id in (select id from heat_station)",
    "maintenance": _SUPPLY,
    "fuel_plan": f"heat_source_id in (select id from heat_source where company_id = {_OWN_COMPANY}) "
    f"or {_OF_DISTRICT} and heat_source_id in (select id from heat_source)",
    "neighbour": _HOUSEHOLD,
    "room": _HOUSEHOLD,
    "contract": _HOUSEHOLD,
    "stop_period": _HOUSEHOLD,
    "point": _HOUSEHOLD,
    "officer": f"role <> 'household' or {_HOUSEHOLD}",
    "registry_change": "noun in ('city', 'district', 'outdoor_day') "
    + "".join(f"or noun = '{each}' and code in (select code from {each}) " for each in _TOLD_BY_CODE)
    + "or (select seen_households()) @> (after ->> 'household_id')::integer",
    "day_dirty": _HOUSEHOLD,
    "flag": _POINT,
    "conflict_decision": _POINT,
    "quality_mark": _POINT,
    "quality_review": "mark_id in (select id from quality_mark)",
    "reject": f"{_OF_COMPANY} and gateway in (select code from gateway where company_id = {_OWN_COMPANY})",
    "incident": _WHOLE_CITY,
    "reject_reading": "reject_id in (select id from reject)",
    "legal_hold": f"household_id is null or {_HOUSEHOLD}",
    "frozen_evidence": _HOUSEHOLD,
    "claim": _HOUSEHOLD,
    "claim_event": _CLAIM,
    "ruling": _CLAIM,
    "claim_file": _CLAIM,
    "review_task": _CLAIM,
    "entitlement": _CLAIM,
    "meter_day": _METER,
    "meter_mark": _METER,
    "station_span": _STATION,
    "station_day": _STATION,
    "day_outcome": "(select seen_buildings()) @> building_id",
    "warning_level": "case subject when 'building' then (select seen_buildings()) @> subject_id "
    "when 'heat_station' then (select seen_stations()) @> subject_id "
    f"when 'company' then subject_id = {_OWN_COMPANY} or (select seen_companies()) @> subject_id "
    f"when 'district' then subject_id = {_OWN_DISTRICT} end",
    "matter": f"company_id = {_OWN_COMPANY} or district_id = {_OWN_DISTRICT} "
    "or (select seen_buildings()) @> building_id or (select seen_households()) @> household_id "
    "or num_nonnulls(district_id, heat_source_id, heat_station_id, building_id, household_id) = 0 "
    "and (select seen_companies()) @> company_id "
    "or building_id is null and household_id is null and ((select seen_stations()) @> heat_station_id "
    "or heat_station_id is null and (select seen_sources()) @> heat_source_id)",
    "matter_event": _MATTER,
    "matter_file": _MATTER,
    # Whoever may say whom a ticket concerns must read it before anybody knows.
    "ticket": "(select seen_buildings()) @> building_id "
    "or building_id is null and seen_as('role') in ('hotline', 'district')",
    "ticket_version": "ticket_id in (select id from ticket)",
    "report": _WHOLE_CITY,
    "erasure": _HOUSEHOLD,
    "access_log": _WHOLE_CITY,
    "export": _WHO,
    "export_part": "export_id in (select id from export)",
    "idempotent_answer": _WHO,
}
"""Whose a row is; who sees everything sees it besides, but for `EXACT`."""

EXACT: Final = frozenset({"export", "export_part", "idempotent_answer", "access_log", "report", "incident"})
"""Rows that the policy alone shows, of whoever asked or to who supervises the city."""

VIEWS: Final[dict[str, str]] = {
    "finding": _HOUSEHOLD,
    "finding_current": _HOUSEHOLD,
    "day_statistic": _HOUSEHOLD,
    "reading": _POINT,
    "reading_conflict": _POINT,
    "meter_reading": _METER,
    "meter_conflict": _METER,
    "ledger": "gateway in (select seen_gateways())",
}
"""What is read through a view."""

OPEN: Final = (
    *("alembic_version", "city", "district", "profile", "batch", "closing", "policy", "run", "quality_pass"),
    *("outdoor_day", "merkle_root", "merkle_leaves", "supervision_rules", "meter_pass", "station_pass"),
    *("feed", "change", "job_run"),
)
"""What every reader may read: nothing of it is about one home."""

WRITTEN: Final = {
    "access_log": "insert",
    "idempotent_answer": "insert",
    "export": "insert",
}
"""What the API adds by itself."""

_STABLE = "stable parallel safe"


def _ids(name: str, body: str) -> str:
    """Write a function that gives the ids of what is seen."""
    return f"""create function {name}() returns int4multirange {_STABLE} security definer language sql begin atomic
        select coalesce(range_agg(int4range(seen.id, seen.id, '[]')), '{{}}') from ({body}) as seen (id)
        where seen.id is not null;  -- a range without bounds would hold everybody
    end"""


_FUNCTIONS = (
    f"""create function seen_as(what text) returns text {_STABLE} language sql
    return nullif(current_setting('heatstream.' || what, true), '')""",
    f"""create function seen_by(what text, variadic roles text[]) returns text {_STABLE} language sql
    return case when seen_as('role') = any (roles) then seen_as(what) end""",
    f"""create function sees_everything() returns boolean {_STABLE} language sql
    return coalesce(
        seen_as('role') in ('city', 'auditor', 'aggregates')
        or (seen_as('role') = 'hotline' and seen_as('district') is null), false)""",
    _ids(
        "seen_buildings",
        f"""select b.id from public.building b
        join public.community c on c.id = b.community_id
        join public.heat_station s on s.id = b.heat_station_id
        where s.company_id = {_OWN_COMPANY} or c.district_id = {_OWN_DISTRICT}
            or c.street_office = (select seen_by('street', 'street'))
                and ((select seen_as('district')) is null or c.district_id = (select seen_as('district')::integer))""",
    ),
    _ids(
        "seen_homes",
        """select seen_by('household', 'household')::integer
        union all
        select h.id from public.household h
        join public.building b on b.id = h.building_id
        join public.community c on c.id = b.community_id
        where c.district_id = (select seen_by('district', 'third_party')::integer)
            and h.id in (select k.household_id from public.claim k where k.step not in ('closed', 'withdrawn'))""",
    ),
    _ids(
        "seen_roofs",
        """select h.building_id from public.household h
        where h.id in (select generate_series(lower(r), upper(r) - 1) from unnest(seen_homes()) as r)""",
    ),
    # A building's homes mostly have ids that follow each other: it is one range, without making one of each home.
    f"""create function seen_households() returns int4multirange {_STABLE} security definer language sql begin atomic
        with roof as materialized (
            select h.building_id, min(h.id) as first, max(h.id) as last, count(*) as homes
            from public.household h where (select seen_buildings()) @> h.building_id group by h.building_id)
        select coalesce(range_agg(seen.ids), '{{}}') + (select seen_homes()) from (
            select int4range(first, last, '[]') from roof where last - first + 1 = homes
            union all
            select int4range(h.id, h.id, '[]') from public.household h join roof using (building_id)
            where last - first + 1 <> homes) as seen (ids);
    end""",
    _ids("seen_points", f"select p.id from public.point p where {_HOUSEHOLD}"),
    _ids(
        "seen_stations",
        f"""select s.id from public.heat_station s where s.company_id = {_OWN_COMPANY}
        union all
        select b.heat_station_id from public.building b where (select seen_buildings()) @> b.id""",
    ),
    _ids(
        "seen_sources",
        f"""select s.id from public.heat_source s where s.company_id = {_OWN_COMPANY}
        union all
        select s.heat_source_id from public.heat_station s where (select seen_stations()) @> s.id""",
    ),
    _ids(
        "seen_companies",
        f"""select s.company_id from public.heat_station s where {_OF_DISTRICT} and (select seen_stations()) @> s.id
        union all
        select s.company_id from public.heat_source s where {_OF_DISTRICT} and (select seen_sources()) @> s.id""",
    ),
    _ids(
        "seen_meters",
        f"""select m.id from public.meter m where {_HOUSEHOLD} or household_id is null
            and ({_STATION} or (select seen_sources()) @> heat_source_id)""",
    ),
    f"""create function seen_gateways() returns setof text {_STABLE} security definer language sql
    begin atomic
        select g.code from public.gateway g where g.company_id = {_OWN_COMPANY}
        union
        select g.code from public.gateway g join public.point p on p.gateway_id = g.id
        where (select seen_households()) @> p.household_id;
    end""",
    f"""create function judged_days() returns table (first date, last date) {_STABLE} security definer language sql
    begin atomic
        select min(o.day), max(o.day) from public.day_outcome o;
    end""",
    f"""create function api_key_named(named text) returns setof api_key {_STABLE} security definer language sql
    begin atomic
        select k.* from public.api_key k
        left join public.company c on c.id = k.company_id
        left join public.district d on d.id = k.district_id
        where k.prefix = named
            and coalesce(c.valid_to, 'infinity') >= (now() at time zone interval '8 hours')::date
            and coalesce(d.valid_to, 'infinity') >= (now() at time zone interval '8 hours')::date;
    end""",
)


def _role() -> str:
    return f"""do $$ begin
        if not exists (select 1 from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)) then
            raise exception 'the database user % needs BYPASSRLS: alter role % bypassrls; ingest and evaluate write '
                'tables with row-level security, see docs/operations.md', current_user, current_user;
        end if;
        if not exists (select 1 from pg_roles where rolname = '{READER}') then
            create role {READER} nologin;
        end if;
        if not pg_has_role(current_user, '{READER}', 'member') then
            execute format('grant {READER} to %I', current_user);
        end if;
    exception
        when duplicate_object or unique_violation then null;
    end $$"""


def _seen(table: str, condition: str) -> str:
    return condition if table in EXACT else f"(select sees_everything()) or {condition}"


def _policies(table: str, condition: str) -> tuple[str, ...]:
    made = [
        f"alter table {table} enable row level security",
        f"alter table {table} force row level security",
        f"create policy {table}_seen on {table} for select to {READER} using ({_seen(table, condition)})",
        f"grant select on {table} to {READER}",
    ]
    if table in WRITTEN:
        mine = "true" if table == "access_log" else _WHO
        made += [
            f"create policy {table}_added on {table} for insert to {READER} with check ({mine})",
            f"grant {WRITTEN[table]} on {table} to {READER}",
        ]
    return tuple(made)


def statements() -> tuple[str, ...]:
    """Write all of it, in the order it must be made in."""
    return (
        _role(),
        *_FUNCTIONS,
        *(statement for table, condition in POLICIES.items() for statement in _policies(table, condition)),
        f"create schema {SEEN}",
        *(
            f"create view {SEEN}.{table} as select * from public.{table} where {_seen(table, condition)}"
            for table, condition in VIEWS.items()
        ),
        f"grant usage on schema {SEEN} to {READER}",
        f"grant select on all tables in schema {SEEN} to {READER}",
        f"grant select on {', '.join(OPEN)} to {READER}",
        "revoke execute on function api_key_named(text) from public",
        f"grant execute on function api_key_named(text) to {READER}",
    )
