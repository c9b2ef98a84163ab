"""
Run migrations on the connection Alchemiser hands over, or on the database `alembic.ini` names.
"""

from alembic import context
from sqlalchemy import Connection

from alchemiser.infrastructure.sql.engine import connect
from alchemiser.infrastructure.sql.tables import metadata


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata)
    context.run_migrations()


given = context.config.attributes.get("connection")
if isinstance(given, Connection):
    run(given)
else:
    with connect(context.config.get_main_option("sqlalchemy.url") or "sqlite://").writing() as opened:
        run(opened)
