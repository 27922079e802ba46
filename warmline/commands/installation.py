"""`warmline installation`: which installation this is, and whose Redis, model folder and snapshot the settings name."""

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
    """Whose something is."""

    OURS = "ours"
    NOBODYS = "nobody's"
    EARLIER = "ours, of before it was renewed"
    OTHERS = "another installation's"
    ABSENT = "not here"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedThing:
    """One thing that an installation owns."""

    what: str
    where: str
    belongs: OwnedBy
    owner: str | None = None
    trouble: str | None = None

    def __str__(self) -> str:
        owner = f" ({ownership.shown(self.owner)})" if self.owner and self.belongs is not OwnedBy.OURS else ""
        return f"{self.what:<9} {self.where}: {self.belongs}{owner}" + (f"; {self.trouble}" if self.trouble else "")


def run_show(*, as_json: bool) -> int:
    """Show the id, and whose everything is; gives 1 when something is another's."""
    with open_stores() as stores:
        here, found = installation_id(stores.database), _holdings(stores)
        where = address(stores.database.own)
    if as_json:
        holdings = {
            each.what.lower(): {
                "where": each.where,
                "belongs": each.belongs,
                "owner": each.owner,
                "trouble": each.trouble,
            }
            for each in found
        }
        show_json({"installation": here, "postgresql": where, **holdings})
    else:
        say(f"Installation {here}, PostgreSQL at {where}")
        for each in found:
            say(f"  {each}")
    return int(any(each.belongs is OwnedBy.OTHERS for each in found))


def run_adopt(*, yes: bool, by: str | None) -> int:
    """Make Redis, the model folder and the snapshot that the settings name this installation's."""
    with open_stores() as stores:
        here, found = installation_id(stores.database), _holdings(stores)
        wanted = [each for each in found if each.belongs in (OwnedBy.OTHERS, OwnedBy.NOBODYS, OwnedBy.EARLIER)]
        for each in found:
            say(f"  {each}")
        if not wanted:
            say(f"Nothing to adopt for installation {ownership.shown(here)}.")
            return _trouble(found)
        say(f"Installation {ownership.shown(here)} adopts:")
        for each in wanted:
            say(f"  {_consequence(each)}")
        say("What stays: everything in PostgreSQL, and every model file.")
        _confirm("Adopt?", yes=yes)
        for each in wanted:
            _take(stores, each, here)
            note_adoption(stores.database, by=by or operator_name(), what=each.what, was=each.owner)
    say("Done. Lists come with the next heuristic run (`warmline run heuristic`).")
    return _trouble(found)


def run_renew(*, yes: bool, by: str | None) -> int:
    """Give this PostgreSQL a new id, after it was restored from a backup or copied."""
    with open_stores() as stores:
        found = _holdings(stores)
        ours = [each for each in found if each.belongs in (OwnedBy.OURS, OwnedBy.NOBODYS, OwnedBy.EARLIER)]
        say(f"Installation {installation_id(stores.database)} gets a new id, since rows might be given out twice.")
        for each in ours:
            say(f"  {_consequence(each)}")
        for each in found:
            if each not in ours and each.belongs is not OwnedBy.ABSENT:
                say(f"  {each.what} at {each.where} stays as it is: {each.trouble or each.belongs}")
        say("  timelines drop their own copies and snapshots as soon as they see the new id")
        say("What stays: everything in PostgreSQL, and every model file; the champion goes on being served.")
        _confirm("Renew?", yes=yes)
        _, after = renew_installation(stores.database, by=by or operator_name())
        for each in ours:
            _take(stores, each, after)
    say(f"Done: installation {after}. Lists come with the next heuristic run (`warmline run heuristic`).")
    return _trouble(found)


def _holdings(stores: OpenStores) -> list[OwnedThing]:
    here, earlier = installation_id(stores.database), earlier_ids(stores.database)
    redis = _redis(stores.redis_url, here, earlier)
    folder, file = load_settings(ModelSettings).model_dir, load_settings(SnapshotSettings).snapshot_file
    models = _models(stores.database, folder, here, earlier)
    return [redis, models, *([_snapshot(file, here, earlier)] if file is not None else [])]


def _redis(url: str, here: str, earlier: set[str]) -> OwnedThing:
    where = redis_address(url)
    try:
        owner = ownership.read_owner(url)
    except StoreUnavailable as error:
        return OwnedThing(what=REDIS, where=where, belongs=OwnedBy.UNKNOWN, trouble=str(error))
    return OwnedThing(what=REDIS, where=where, belongs=_belongs(owner, here, earlier), owner=owner)


def _models(database: Database, folder: Path, here: str, earlier: set[str]) -> OwnedThing:
    if not folder.is_dir():
        return OwnedThing(what=MODELS, where=str(folder), belongs=OwnedBy.ABSENT)
    try:
        owner = model_folder.read_owner(folder)
    except ArtefactError as error:
        return OwnedThing(what=MODELS, where=str(folder), belongs=OwnedBy.UNKNOWN, trouble=str(error))
    belongs = _belongs(owner, here, earlier)
    hashes = model_folder.stored_models(folder).hashes
    if owner is None and hashes and not knows_models(database, hashes):
        belongs = OwnedBy.OTHERS
    return OwnedThing(what=MODELS, where=str(folder), belongs=belongs, owner=owner)


def _snapshot(file: Path, here: str, earlier: set[str]) -> OwnedThing:
    about = partial(OwnedThing, what=SNAPSHOT, where=str(file))
    try:
        owner = read_snapshot_owner(file) or None
    except FileNotFoundError:
        return about(belongs=OwnedBy.ABSENT)
    except OSError as error:
        return about(belongs=OwnedBy.UNKNOWN, trouble=f"cannot be read ({error.strerror})")
    return about(belongs=_belongs(owner, here, earlier), owner=owner)


def _belongs(owner: str | None, here: str, earlier: set[str]) -> OwnedBy:
    if owner is None:
        return OwnedBy.NOBODYS
    if owner == here:
        return OwnedBy.OURS
    return OwnedBy.EARLIER if owner in earlier else OwnedBy.OTHERS


def _consequence(each: OwnedThing) -> str:
    if each.what == REDIS:
        return f"Redis at {each.where} is cleared of Warmline's keys: lists, what readers have seen, chains under way"
    if each.what == MODELS:
        return f"models in {each.where}: all files stay, the folder is ours from then on"
    return f"snapshot {each.where} is deleted; a timeline writes it anew"


def _take(stores: OpenStores, each: OwnedThing, installation: str) -> None:
    if each.what == REDIS:
        dropped = ownership.take_over(stores.redis_url, installation)
        say(f"Redis at {each.where}: {number_of(dropped, 'key')} dropped")
    elif each.what == MODELS:
        model_folder.write_owner(Path(each.where), installation, replace=True)
    else:
        Path(each.where).unlink(missing_ok=True)


def _trouble(found: Sequence[OwnedThing]) -> int:
    """Say what could not be looked at; gives 1 when there was something."""
    unknown = [each for each in found if each.belongs is OwnedBy.UNKNOWN]
    for each in unknown:
        warn(f"{each.what} at {each.where} was left as it is; say `warmline installation adopt` when it is back")
    return int(bool(unknown))


def _confirm(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigurationError("nobody to ask: nothing was changed; say --yes")
    typer.confirm(question, abort=True)
