"""Which PostgreSQL this is, what it gave out, and a new id for one that was restored or copied."""

from collections.abc import Mapping

import sqlalchemy as sa

from shared.db.engine import Database, read_only_error
from shared.db.tables import SCHEMA, audit, installation, model_versions

RENEW = "renew installation"  # the audit's word


def gave_out(database: Database, *, salt: str | None, posts: Mapping[int, str]) -> bool:
    """Whether a Redis or a snapshot that names no owner holds what this PostgreSQL gave out.

    The salt is random, so where there is one it decides. Else the rows do: those that are known must name the same
    posts. What holds neither cannot mix anything up.
    """
    with database.begin() as connection:
        if salt:
            return bool(connection.scalar(sa.select(installation.c.salt)) == salt)
        known = connection.execute(
            sa.text(f"SELECT row, post_id FROM {SCHEMA}.post_rows WHERE row = ANY(:rows)"), {"rows": list(posts)}
        )
        # A row whose post was erased has a control character for a name: it tells nothing.
        pairs = [(posts[row], post_id) for row, post_id in known if not post_id.startswith("\x01")]
    return not posts or (bool(pairs) and all(held == given for held, given in pairs))


def ask_primary(database: Database) -> str:
    """Which PostgreSQL this is, from one that takes writes.

    Raises:
        StoreReadOnly: it takes none; the pool opens new connections, for the address may lead to another server by now.
    """
    asked = sa.select(installation.c.id, sa.func.current_setting("transaction_read_only"))
    with database.begin() as connection:
        found, read_only = connection.execute(asked).one()
    if read_only == "on":
        database.own.engine.dispose()
        raise read_only_error(database.own, "it is not a primary")
    return str(found)


def knows_models(database: Database, hashes: Mapping[str, str]) -> set[str]:
    """Those of these folders (name → SHA-256 of the weights) that are models on record here."""
    with database.begin() as connection:
        known = connection.execute(
            sa.select(model_versions.c.folder, model_versions.c.sha256).where(model_versions.c.folder.in_(list(hashes)))
        )
        return {folder for folder, sha256 in known if hashes[folder] == sha256}


def earlier_ids(database: Database) -> set[str]:
    """The ids that this PostgreSQL had before it was renewed."""
    with database.begin() as connection:
        return {was for (was,) in connection.execute(sa.select(audit.c.was).where(audit.c.deed == RENEW)) if was}


def note_adoption(database: Database, *, by: str, what: str, was: str | None) -> None:
    """Put on record that something was made this installation's."""
    with database.begin() as connection:
        here = sa.select(installation.c.id).scalar_subquery()
        connection.execute(audit.insert().values(who=by, deed=f"adopt {what}", was=was, became=here))


def renew_installation(database: Database, *, by: str) -> tuple[str, str]:
    """Give this PostgreSQL a new id, on record; gives the old one and the new one."""
    with database.begin() as connection:
        before = connection.scalar(sa.select(installation.c.id).with_for_update())
        fresh = installation.update().values(id=sa.text("gen_random_uuid()::text")).returning(installation.c.id)
        after = connection.execute(fresh).scalar_one()
        connection.execute(audit.insert().values(who=by, deed=RENEW, was=before, became=after))
    return str(before), str(after)
