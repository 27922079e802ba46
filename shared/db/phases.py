"""The phase in PostgreSQL: the newest version is in force, the older ones are its history."""

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.tables import installation, phase_changes
from shared.domain import INITIAL_PHASE, Phase, PhaseState


def read_phase(database: Database) -> PhaseState:
    """The phase in force; heuristic before the first change."""
    newest = sa.select(phase_changes).order_by(phase_changes.c.version.desc()).limit(1)
    with database.begin() as connection:
        salt = connection.scalar(sa.select(installation.c.salt))
        row = connection.execute(newest).mappings().one_or_none()
    if row is None:
        return INITIAL_PHASE
    return _state(row, salt or "")


def change_phase(database: Database, phase: Phase, *, rollout_percent: float, by: str) -> PhaseState:
    """Put a phase in force and record who did it."""
    with database.begin() as connection:
        salt = connection.scalar(sa.select(installation.c.salt))
        change = phase_changes.insert().values(phase=phase.value, rollout_percent=rollout_percent, changed_by=by)
        row = connection.execute(change.returning(phase_changes)).mappings().one()
    return _state(row, salt or "")


def phase_history(database: Database, *, limit: int = 20) -> list[sa.RowMapping]:
    """The newest changes, newest first."""
    with database.begin() as connection:
        newest = sa.select(phase_changes).order_by(phase_changes.c.version.desc()).limit(limit)
        return list(connection.execute(newest).mappings().all())


def installation_id(database: Database) -> str:
    """The id of this PostgreSQL."""
    with database.begin() as connection:
        return str(connection.scalar(sa.select(installation.c.id)))


def _state(row: sa.RowMapping, salt: str) -> PhaseState:
    return PhaseState(
        version=row["version"], phase=Phase(row["phase"]), rollout_percent=row["rollout_percent"], salt=salt
    )
