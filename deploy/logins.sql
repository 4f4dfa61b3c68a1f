-- The two logins of a city's database and the role between them; docs/access.md. Once, as a superuser, in that database:
--   psql -v ON_ERROR_STOP=1 -v owner_password=… -v serve_password=… -f deploy/logins.sql
-- A second run changes the passwords.

select 'create role heatstream_reader nologin'
where not exists (select from pg_roles where rolname = 'heatstream_reader') \gexec
select 'create role heatstream login'
where not exists (select from pg_roles where rolname = 'heatstream') \gexec
select 'create role heatstream_serve login'
where not exists (select from pg_roles where rolname = 'heatstream_serve') \gexec

-- Owns the schema; ingest, evaluate, jobs, web and the command line write with it what row-level security is on.
alter role heatstream bypassrls password :'owner_password';
grant heatstream_reader to heatstream;
select format('alter database %I owner to heatstream', current_database()) \gexec
alter schema public owner to heatstream;

-- The API: a member of the role, and owner of nothing.
alter role heatstream_serve nosuperuser nobypassrls nocreatedb nocreaterole password :'serve_password';
grant heatstream_reader to heatstream_serve;
-- What holds up the feed of changes is told by the age of other sessions' transactions.
grant pg_read_all_stats to heatstream, heatstream_serve;
select format('revoke temporary on database %I from public', current_database()) \gexec
