"""`warmline migrate`: bring the schema `warmline` to the newest revision, and touch nothing outside it."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from shared.db.engine import Database
from shared.db.tables import SCHEMA
from shared.errors import NotMigrated

_LOCK = 0x7761726D  # "warm": two migrations at once wait for each other


def migrate(database: Database) -> tuple[str | None, str | None]:
    """Run what is missing, in one transaction; gives the revisions before and after."""
    config = _config()
    with database.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        # IF NOT EXISTS would ask for the right to create schemas even where an administrator has made ours.
        if connection.scalar(sa.text("SELECT to_regnamespace(:schema)"), {"schema": SCHEMA}) is None:
            connection.execute(sa.text(f"CREATE SCHEMA {SCHEMA}"))
        before = _revision(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return before, _revision(connection)


def check_migrated(database: Database) -> None:
    """Refuse to work on a schema that this version does not know.

    Raises:
        NotMigrated: `warmline migrate` was not run, or a newer version of Warmline has migrated.
        StoreUnavailable: PostgreSQL does not answer.
    """
    with database.begin() as connection:
        got = _revision(connection)
    expected = ScriptDirectory.from_config(_config()).get_current_head()
    if got != expected:
        raise NotMigrated(f"schema warmline: got revision {got}, expected {expected}; run `warmline migrate`")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _revision(connection: sa.Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
    return context.get_current_revision()
