"""How Alembic reaches the database; called by `store.migrations.upgrade`, or by `alembic` for a new step."""

from alembic import context
from sqlalchemy import Connection, create_engine

from store.tables import metadata


def run() -> None:
    """Run the steps on the connection that was handed in, or on the URL given with `-x url=...`."""
    connection = context.config.attributes.get("connection")
    if connection is None:
        with create_engine(context.get_x_argument(as_dictionary=True)["url"]).begin() as opened:
            _run_on(opened)
    else:
        _run_on(connection)


def _run_on(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        user_module_prefix="",
        # Only where the connection is in no transaction of the caller's.
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
