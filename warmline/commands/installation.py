"""`warmline installation`: this installation's id, and the owners of its Redis, model folder and snapshot."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

import typer

from shared.db.engine import Database, address
from shared.db.installation import earlier_ids, knows_models, note_adoption, renew_installation
from shared.db.phases import installation_id
from shared.errors import ArtefactError, ConfigurationError, StoreUnavailable
from shared.files.snapshot_owner import read_snapshot_owner
from shared.neucf import model_folder
from shared.ranked_lists import ownership
from shared.ranked_lists.clients import address as redis_address
from shared.settings import ModelSettings, SnapshotSettings, load_settings
from warmline.operator_name import operator_name
from warmline.screen import number_of, say, show_json, warn
from warmline.stores import OpenStores, open_stores

REDIS, MODELS, SNAPSHOT = "Redis", "models", "snapshot"


class OwnedBy(StrEnum):
    """The owner of a resource, as seen from this installation."""

    OURS = "ours"
    NOBODYS = "nobody's"
    EARLIER = "ours, of before it was renewed"
    OTHERS = "another installation's"
    ABSENT = "not here"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedResource:
    """Redis, the model folder or the snapshot: a resource that belongs to one installation."""

    what: str
    where: str
    owned_by: OwnedBy
    owner: str | None = None
    trouble: str | None = None

    def __str__(self) -> str:
        owner = f" ({ownership.short_id(self.owner)})" if self.owner and self.owned_by is not OwnedBy.OURS else ""
        return f"{self.what:<9} {self.where}: {self.owned_by}{owner}" + (f"; {self.trouble}" if self.trouble else "")


def run_show(*, as_json: bool) -> int:
    """Show the id and the owners; returns 1 if a resource belongs to another installation."""
    with open_stores() as stores:
        this_id, resources = installation_id(stores.database), _read_resources(stores)
        where = address(stores.database.own)
    if as_json:
        holdings = {
            resource.what.lower(): {
                "where": resource.where,
                "belongs": resource.owned_by,
                "owner": resource.owner,
                "trouble": resource.trouble,
            }
            for resource in resources
        }
        show_json({"installation": this_id, "postgresql": where, **holdings})
    else:
        say(f"Installation {this_id}, PostgreSQL at {where}")
        for resource in resources:
            say(f"  {resource}")
    return int(any(resource.owned_by is OwnedBy.OTHERS for resource in resources))


def run_adopt(*, yes: bool, by: str | None) -> int:
    """Make Redis, the model folder and the snapshot of the settings belong to this installation."""
    with open_stores() as stores:
        this_id, resources = installation_id(stores.database), _read_resources(stores)
        to_adopt = [
            resource
            for resource in resources
            if resource.owned_by in (OwnedBy.OTHERS, OwnedBy.NOBODYS, OwnedBy.EARLIER)
        ]
        for resource in resources:
            say(f"  {resource}")
        if not to_adopt:
            say(f"Nothing to adopt for installation {ownership.short_id(this_id)}.")
            return _warn_of_unknown(resources)
        say(f"Installation {ownership.short_id(this_id)} adopts:")
        for resource in to_adopt:
            say(f"  {_consequence(resource)}")
        say("What stays: everything in PostgreSQL, and every model file.")
        _confirm("Adopt?", yes=yes)
        for resource in to_adopt:
            _take_over(stores, resource, this_id)
            note_adoption(stores.database, by=by or operator_name(), what=resource.what, was=resource.owner)
    say("Done. Lists come with the next heuristic run (`warmline run heuristic`).")
    return _warn_of_unknown(resources)


def run_renew(*, yes: bool, by: str | None) -> int:
    """Give this PostgreSQL a new id, after it was restored from a backup or copied."""
    with open_stores() as stores:
        resources = _read_resources(stores)
        ours = [
            resource for resource in resources if resource.owned_by in (OwnedBy.OURS, OwnedBy.NOBODYS, OwnedBy.EARLIER)
        ]
        say(f"Installation {installation_id(stores.database)} gets a new id, since rows might be given out twice.")
        for resource in ours:
            say(f"  {_consequence(resource)}")
        for resource in resources:
            if resource not in ours and resource.owned_by is not OwnedBy.ABSENT:
                say(f"  {resource.what} at {resource.where} stays as it is: {resource.trouble or resource.owned_by}")
        say("  timelines drop their own copies and snapshots as soon as they see the new id")
        say("What stays: everything in PostgreSQL, and every model file; the champion goes on being served.")
        _confirm("Renew?", yes=yes)
        _, new_id = renew_installation(stores.database, by=by or operator_name())
        for resource in ours:
            _take_over(stores, resource, new_id)
    say(f"Done: installation {new_id}. Lists come with the next heuristic run (`warmline run heuristic`).")
    return _warn_of_unknown(resources)


def _read_resources(stores: OpenStores) -> list[OwnedResource]:
    this_id, earlier = installation_id(stores.database), earlier_ids(stores.database)
    redis = _redis(stores.redis_url, this_id, earlier)
    folder, file = load_settings(ModelSettings).model_dir, load_settings(SnapshotSettings).snapshot_file
    models = _models(stores.database, folder, this_id, earlier)
    return [redis, models, *([_snapshot(file, this_id, earlier)] if file is not None else [])]


def _redis(url: str, this_id: str, earlier: set[str]) -> OwnedResource:
    where = redis_address(url)
    try:
        owner = ownership.read_owner(url)
    except StoreUnavailable as error:
        return OwnedResource(what=REDIS, where=where, owned_by=OwnedBy.UNKNOWN, trouble=str(error))
    return OwnedResource(what=REDIS, where=where, owned_by=_owned_by(owner, this_id, earlier), owner=owner)


def _models(database: Database, folder: Path, this_id: str, earlier: set[str]) -> OwnedResource:
    if not folder.is_dir():
        return OwnedResource(what=MODELS, where=str(folder), owned_by=OwnedBy.ABSENT)
    try:
        owner = model_folder.read_owner(folder)
    except ArtefactError as error:
        return OwnedResource(what=MODELS, where=str(folder), owned_by=OwnedBy.UNKNOWN, trouble=str(error))
    owned_by = _owned_by(owner, this_id, earlier)
    hashes = model_folder.stored_models(folder).hashes
    if owner is None and hashes and not knows_models(database, hashes):
        owned_by = OwnedBy.OTHERS
    return OwnedResource(what=MODELS, where=str(folder), owned_by=owned_by, owner=owner)


def _snapshot(file: Path, this_id: str, earlier: set[str]) -> OwnedResource:
    about = partial(OwnedResource, what=SNAPSHOT, where=str(file))
    try:
        owner = read_snapshot_owner(file) or None
    except FileNotFoundError:
        return about(owned_by=OwnedBy.ABSENT)
    except OSError as error:
        return about(owned_by=OwnedBy.UNKNOWN, trouble=f"cannot be read ({error.strerror})")
    return about(owned_by=_owned_by(owner, this_id, earlier), owner=owner)


def _owned_by(owner: str | None, this_id: str, earlier: set[str]) -> OwnedBy:
    if owner is None:
        return OwnedBy.NOBODYS
    if owner == this_id:
        return OwnedBy.OURS
    return OwnedBy.EARLIER if owner in earlier else OwnedBy.OTHERS


def _consequence(resource: OwnedResource) -> str:
    if resource.what == REDIS:
        return (
            f"Redis at {resource.where} is cleared of Warmline's keys: lists, what readers have seen, chains under way"
        )
    if resource.what == MODELS:
        return f"models in {resource.where}: all files stay, the folder is ours from then on"
    return f"snapshot {resource.where} is deleted; a timeline writes it anew"


def _take_over(stores: OpenStores, resource: OwnedResource, installation: str) -> None:
    if resource.what == REDIS:
        dropped = ownership.take_over(stores.redis_url, installation)
        say(f"Redis at {resource.where}: {number_of(dropped, 'key')} dropped")
    elif resource.what == MODELS:
        model_folder.write_owner(Path(resource.where), installation, replace=True)
    else:
        Path(resource.where).unlink(missing_ok=True)


def _warn_of_unknown(resources: Sequence[OwnedResource]) -> int:
    """Warn of resources that could not be read; returns 1 if there were any."""
    unknown = [resource for resource in resources if resource.owned_by is OwnedBy.UNKNOWN]
    for resource in unknown:
        warn(
            f"{resource.what} at {resource.where} was left as it is; say `warmline installation adopt` when it is back"
        )
    return int(bool(unknown))


def _confirm(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigurationError("nobody to ask: nothing was changed; say --yes")
    typer.confirm(question, abort=True)
