"""Opens the stores that the settings name, and explains errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shared.db.engine import Database
from shared.db.migrate import check_migrated
from shared.db.phases import installation_id
from shared.db.refusals import refusals_explained
from shared.ranked_lists.ownership import refuse_foreign_at
from shared.settings import StoreSettings, load_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStores:
    """The opened PostgreSQL, and the URL of Redis."""

    database: Database
    redis_url: str

    def refuse_foreign_redis(self) -> None:
        """Raises ForeignInstallation when Redis is another installation's."""
        refuse_foreign_at(self.redis_url, installation_id(self.database))


@contextmanager
def open_stores(*, migrated: bool = True, statement_seconds: float = 0) -> Iterator[OpenStores]:
    """Open the stores of the settings; they are closed at the end of the block.

    Args:
        migrated: refuse a schema of another version.
        statement_seconds: PostgreSQL cancels a statement after that time; 0: never.

    Raises:
        ConfigurationError: a setting is missing or wrong.
        StoreUnavailable: PostgreSQL does not answer, or refuses.
    """
    settings = load_settings(StoreSettings)
    with refusals_explained():
        database = Database(settings, statement_seconds=statement_seconds)
        try:
            if migrated:
                check_migrated(database)
            yield OpenStores(database=database, redis_url=settings.redis_url.get_secret_value())
        finally:
            database.close()
