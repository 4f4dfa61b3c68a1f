#!/bin/sh
# Run by the database's image when it makes its data; the passwords are secrets of the composition.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    -v owner_password="$(cat /run/secrets/owner_password)" -v serve_password="$(cat /run/secrets/serve_password)" \
    -f /deploy/logins.sql
