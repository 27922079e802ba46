"""Takes back a request for a run that nobody came for."""

from shared.db.engine import Database
from shared.db.tables import runs


def withdraw_request(database: Database, run_id: int, *, by: str) -> bool:
    """Delete a request of one's own that no worker has claimed; False when it was claimed, or is another's."""
    mine = (runs.c.id == run_id) & (runs.c.state == "requested") & (runs.c.requested_by == by)
    with database.begin() as connection:
        return connection.execute(runs.delete().where(mine)).rowcount == 1
