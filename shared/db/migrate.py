"""`warmline migrate`: bring the schema `warmline` to the newest revision; nothing outside it is touched."""

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
    """Run the missing migrations, in one transaction; returns the revisions before and after."""
    config = _config()
    with database.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        # IF NOT EXISTS would need the right to create schemas even if an administrator has already created ours.
        if connection.scalar(sa.text("SELECT to_regnamespace(:schema)"), {"schema": SCHEMA}) is None:
            connection.execute(sa.text(f"CREATE SCHEMA {SCHEMA}"))
        before = _revision(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return before, _revision(connection)


def check_migrated(database: Database) -> None:
    """Refuse a schema of another version.

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
