"""The identity of this PostgreSQL: its id, data that belong to it, and a new id after a restore or a copy."""

from collections.abc import Mapping

import sqlalchemy as sa

from shared.db.engine import Database, read_only_error
from shared.db.tables import SCHEMA, audit, installation, model_versions

RENEW = "renew installation"  # as the audit says it


def matches_installation(database: Database, *, salt: str | None, posts: Mapping[int, str]) -> bool:
    """Whether a Redis or a snapshot without a named owner belongs to this PostgreSQL.

    The salt is random, so a different one decides. Known numbers must name the same posts even if the salt is the same,
    since the phase with the salt may have been written later. Data with neither salt nor posts can do no harm.
    """
    with database.begin() as connection:
        if salt and connection.scalar(sa.select(installation.c.salt)) != salt:
            return False
        known = connection.execute(
            sa.text(f"SELECT row, post_id FROM {SCHEMA}.post_rows WHERE row = ANY(:rows)"), {"rows": list(posts)}
        )
        # The number of an erased post has a control character in place of an id, which says nothing.
        pairs = [(posts[row], post_id) for row, post_id in known if not post_id.startswith("\x01")]
    return all(held == given for held, given in pairs) and bool(pairs or salt or not posts)


def ask_primary(database: Database, *others: Database) -> str:
    """The id of this PostgreSQL, which must accept writes; `others` are further pools of connections to it.

    Raises:
        StoreReadOnly: it does not; the pools open new connections, since the address may lead to another server by now.
    """
    # Not `transaction_read_only`: a connection that has read a snapshot begins later transactions as READ WRITE.
    demoted = sa.func.pg_is_in_recovery() | (sa.func.current_setting("default_transaction_read_only") == "on")
    with database.begin() as connection:
        found, is_read_only = connection.execute(sa.select(installation.c.id, demoted)).one()
    # Also at the first good answer: the other pools may have opened connections to the read-only server meanwhile.
    if is_read_only or database.was_read_only:
        for pool in (database, *others):
            pool.own.engine.dispose()
    database.was_read_only = is_read_only
    if is_read_only:
        raise read_only_error(database.own, "it is not a primary")
    return str(found)


def knows_models(database: Database, hashes: Mapping[str, str]) -> set[str]:
    """Those of these folders (name → SHA-256 of the weights) that are registered models."""
    with database.begin() as connection:
        known = connection.execute(
            sa.select(model_versions.c.folder, model_versions.c.sha256).where(model_versions.c.folder.in_(list(hashes)))
        )
        return {folder for folder, sha256 in known if hashes[folder] == sha256}


def earlier_ids(database: Database) -> set[str]:
    """The ids of this PostgreSQL before renewals."""
    with database.begin() as connection:
        return {was for (was,) in connection.execute(sa.select(audit.c.was).where(audit.c.deed == RENEW)) if was}


def note_adoption(database: Database, *, by: str, what: str, was: str | None) -> None:
    """Record in the audit that this installation took something over."""
    with database.begin() as connection:
        here = sa.select(installation.c.id).scalar_subquery()
        connection.execute(audit.insert().values(who=by, deed=f"adopt {what}", was=was, became=here))


def renew_installation(database: Database, *, by: str) -> tuple[str, str]:
    """Give this PostgreSQL a new id and record it; returns the old and the new id."""
    with database.begin() as connection:
        before = connection.scalar(sa.select(installation.c.id).with_for_update())
        fresh = installation.update().values(id=sa.text("gen_random_uuid()::text")).returning(installation.c.id)
        after = connection.execute(fresh).scalar_one()
        connection.execute(audit.insert().values(who=by, deed=RENEW, was=before, became=after))
    return str(before), str(after)
