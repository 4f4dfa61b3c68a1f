"""Run migrations on the connection that `heatstream.store.migrate` hands over."""

from alembic import context
from sqlalchemy import text

from heatstream.store.tables import metadata

connection = context.config.attributes["connection"]

# Never wait long for a lock that ingest or the API holds, and never hold one for long: better to fail and be run again.
# The advisory lock makes a second `migrate` wait.
connection.execute(text("select pg_advisory_lock(hashtext('heatstream.migrate'))"))
connection.execute(text("set lock_timeout = '5s'"))
connection.execute(text("set statement_timeout = '10min'"))
connection.commit()

context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
try:
    with context.begin_transaction():
        context.run_migrations()
finally:
    connection.rollback()
    connection.execute(text("select pg_advisory_unlock(hashtext('heatstream.migrate'))"))
    connection.commit()
