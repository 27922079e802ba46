"""Model versions and the aliases `champion` and `previous`, in PostgreSQL; the files are in the model folder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from shared.db.engine import Database
from shared.db.tables import audit, model_aliases, model_versions
from shared.errors import PromotionRefused
from shared.readiness import Demotion

CHAMPION, PREVIOUS = "champion", "previous"
_PROMOTIONS = ("promote", "promote (override)", "rollback")  # as the audit has them
_DEMOTION = "demote"
CHAMPION_DEEDS = (*_PROMOTIONS, _DEMOTION)  # all that change which model is the champion
RECORDS_KEPT = 200  # versions with their reports, some 60 kB each; older ones without an alias or a folder are deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """One trained model."""

    version: int
    folder: str
    sha256: str
    state: str  # accepted or rejected by the gate
    verdict: str
    report: Mapping[str, Any]
    created_at: datetime
    alias: str | None
    manifest_sha256: str | None = None  # None: registered by an earlier version, and not used for scoring since


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedModel:
    """A model whose files are complete, before it is registered."""

    run_id: int
    folder: str
    sha256: str
    manifest_sha256: str | None = None
    accepted: bool  # by the gate
    verdict: str
    report: Mapping[str, Any]


FilesCheck = Callable[[ModelVersion], None]  # raises PromotionRefused


def register_model(
    database: Database,
    *,
    run_id: int,
    folder: str,
    sha256: str,
    accepted: bool,
    verdict: str,
    report: Mapping[str, Any],
    manifest_sha256: str | None = None,
) -> int:
    """Register a saved model; returns its version."""
    saved = SavedModel(
        run_id=run_id,
        folder=folder,
        sha256=sha256,
        manifest_sha256=manifest_sha256,
        accepted=accepted,
        verdict=verdict,
        report=report,
    )
    with database.begin() as connection:
        return register_model_in(connection, saved)


def register_model_in(connection: sa.Connection, model: SavedModel) -> int:
    """The same inside a transaction of the caller."""
    put = model_versions.insert().values(
        run_id=model.run_id,
        folder=model.folder,
        sha256=model.sha256,
        manifest_sha256=model.manifest_sha256,
        verdict=model.verdict,
        report=dict(model.report),
        state="accepted" if model.accepted else "rejected",
    )
    return int(connection.execute(put.returning(model_versions.c.version)).scalar_one())


def adopt_manifest(database: Database, version: int, manifest_sha256: str) -> None:
    """Record the manifest of a model whose weights match the record; a recorded manifest stays."""
    unknown = (model_versions.c.version == version) & model_versions.c.manifest_sha256.is_(None)
    with database.begin() as connection:
        connection.execute(model_versions.update().where(unknown).values(manifest_sha256=manifest_sha256))


def promote_model(
    database: Database, version: int, *, by: str, override: bool = False, check: FilesCheck | None = None
) -> ModelVersion:
    """Make a version the champion; the present champion becomes `previous`.

    Args:
        database: ours.
        version: to promote.
        by: who does it, for the audit.
        override: promote even if the gate rejected it.
        check: refuses a version with wrong files; no alias can change meanwhile.

    Raises:
        PromotionRefused: no such version, rejected by the gate without an override, or raised by `check`.
    """
    with database.begin() as connection:
        return promote_model_in(connection, version, by=by, override=override, check=check)


def promote_model_in(
    connection: sa.Connection, version: int, *, by: str, override: bool = False, check: FilesCheck | None = None
) -> ModelVersion:
    """The same inside a transaction of the caller."""
    connection.execute(sa.text("LOCK TABLE warmline.model_aliases IN EXCLUSIVE MODE"))
    known = connection.execute(_versions().where(model_versions.c.version == version)).mappings().one_or_none()
    if known is None:
        raise PromotionRefused(f"model version {version}: no such version; `warmline models` lists them")
    if known["state"] == "rejected" and not override:
        raise PromotionRefused(f"model version {version} was rejected by the gate: {known['verdict']}; --override?")
    if check is not None:
        check(_model(known))
    current = _aliased(connection, CHAMPION)
    if current == version:
        return _model(known)
    if current is not None:
        _point(connection, PREVIOUS, current)
    elif _aliased(connection, PREVIOUS) == version:  # it was demoted
        connection.execute(_alias_removed(PREVIOUS))
    _point(connection, CHAMPION, version)
    deed = "promote (override)" if override and known["state"] == "rejected" else "promote"
    note = audit.insert().values(who=by, deed=deed, was=_text(current), became=_text(version))
    connection.execute(note)
    return _model({**known, "alias": CHAMPION})


def roll_back_model(database: Database, *, by: str, check: FilesCheck | None = None) -> ModelVersion:
    """Exchange the champion and the previous champion; after a demotion, make the demoted model the champion again.

    Raises:
        PromotionRefused: there is no previous champion, or raised by `check`.
    """
    with database.begin() as connection:
        connection.execute(sa.text("LOCK TABLE warmline.model_aliases IN EXCLUSIVE MODE"))
        current, previous = _aliased(connection, CHAMPION), _aliased(connection, PREVIOUS)
        if previous is None:
            only = "no model was promoted yet" if current is None else f"model {current} is the only one ever promoted"
            raise PromotionRefused(
                f"rollback: there is no previous champion, {only}; `warmline phase set heuristic` puts the heuristic"
                " in force instead, `warmline models` lists what could be promoted"
            )
        known = connection.execute(_versions().where(model_versions.c.version == previous)).mappings().one()
        if check is not None:
            check(_model(known))
        _point(connection, CHAMPION, previous)
        if current is None:
            connection.execute(_alias_removed(PREVIOUS))
        else:
            _point(connection, PREVIOUS, current)
        note = audit.insert().values(who=by, deed="rollback", was=_text(current), became=_text(previous))
        connection.execute(note)
        return _model({**known, "alias": CHAMPION})


def demote_champion_in(connection: sa.Connection, version: int, *, by: str) -> bool:
    """Make a champion the previous one, with no champion in its place; `warmline rollback` takes it back.

    Nothing changes (False) if another version is champion by now, or if an operator has made it the champion: what an
    operator decides stands until a model passes.
    """
    connection.execute(sa.text("LOCK TABLE warmline.model_aliases IN EXCLUSIVE MODE"))
    newest = sa.select(audit.c.who).where(audit.c.deed.in_(_PROMOTIONS)).order_by(audit.c.id.desc()).limit(1)
    if _aliased(connection, CHAMPION) != version or connection.scalar(newest) not in (by, None):
        return False
    connection.execute(_alias_removed(CHAMPION))
    _point(connection, PREVIOUS, version)
    connection.execute(audit.insert().values(who=by, deed=_DEMOTION, was=_text(version), became=None))
    return True


def last_demotion(database: Database) -> Demotion | None:
    """The demotion of the last champion, while no other model has taken its place."""
    aliased = aliased_models(database)
    if [model.alias for model in aliased] != [PREVIOUS]:
        return None
    newest = sa.select(audit.c.at).where(audit.c.deed == _DEMOTION).order_by(audit.c.id.desc()).limit(1)
    with database.begin() as connection:
        return Demotion(version=aliased[0].version, at=connection.scalar(newest))


def champion(database: Database) -> ModelVersion | None:
    """The champion, if there is one."""
    with database.begin() as connection:
        known = connection.execute(_versions().where(model_aliases.c.alias == CHAMPION)).mappings().one_or_none()
    return _model(known) if known is not None else None


def aliased_models(database: Database) -> list[ModelVersion]:
    """The champion and the previous champion, as far as they exist."""
    with database.begin() as connection:
        return [
            _model(row) for row in connection.execute(_versions().where(model_aliases.c.alias.is_not(None))).mappings()
        ]


def list_models(database: Database, *, limit: int = 20) -> list[ModelVersion]:
    """The newest versions, newest first."""
    with database.begin() as connection:
        newest = _versions().order_by(model_versions.c.version.desc()).limit(limit)
        return [_model(row) for row in connection.execute(newest).mappings()]


def kept_folders(connection: sa.Connection, *, newest: int) -> set[str]:
    """The folders of the newest versions and of those with an alias. No alias changes before the transaction ends."""
    connection.execute(sa.text("LOCK TABLE warmline.model_aliases IN SHARE MODE"))
    latest = sa.select(model_versions.c.folder).order_by(model_versions.c.version.desc()).limit(newest)
    aliased = sa.select(model_versions.c.folder).join(
        model_aliases, model_versions.c.version == model_aliases.c.version
    )
    return {folder for query in (latest, aliased) for (folder,) in connection.execute(query)}


def forget_old_models(connection: sa.Connection, *, newest: int) -> int:
    """Delete the records of old models, whose folders are deleted already; returns how many.

    Args:
        connection: a transaction in which `kept_folders` was called.
        newest: number of folders that are kept: their models stay on record, and no fewer than `RECORDS_KEPT`.
    """
    latest = sa.select(model_versions.c.version).order_by(model_versions.c.version.desc())
    aliased = sa.select(model_aliases.c.version)
    kept = latest.limit(max(newest, RECORDS_KEPT)).union(aliased)
    old = model_versions.delete().where(model_versions.c.version.not_in(kept))
    return int(connection.execute(old).rowcount)


def _versions() -> sa.Select[Any]:
    joined = sa.outerjoin(model_versions, model_aliases, model_versions.c.version == model_aliases.c.version)
    return sa.select(model_versions, model_aliases.c.alias).select_from(joined)


def _aliased(connection: sa.Connection, alias: str) -> int | None:
    found: int | None = connection.scalar(sa.select(model_aliases.c.version).where(model_aliases.c.alias == alias))
    return found


def _point(connection: sa.Connection, alias: str, version: int) -> None:
    put = insert(model_aliases).values(alias=alias, version=version)
    connection.execute(put.on_conflict_do_update(index_elements=["alias"], set_={"version": version}))


def _alias_removed(alias: str) -> sa.Delete:
    return model_aliases.delete().where(model_aliases.c.alias == alias)


def _text(version: int | None) -> str | None:
    return None if version is None else f"model {version}"


def _model(row: Mapping[Any, Any]) -> ModelVersion:
    return ModelVersion(
        version=row["version"],
        folder=row["folder"],
        sha256=row["sha256"],
        state=row["state"],
        verdict=row["verdict"],
        report=row["report"],
        created_at=row["created_at"],
        alias=row["alias"],
        manifest_sha256=row["manifest_sha256"],
    )
