"""Walks through everything that `warmline doctor` looks at, in the order in which one thing needs another."""

from collections.abc import Iterator

from shared.db.doctor import (
    LINKS,
    Probe,
    count_kinds,
    look_at_rows,
    look_for_duplicates,
    look_for_events_after_deletion,
    look_for_old_rows,
    look_for_unknown,
)
from shared.db.doctor_setup import LOOKUPS, Lookup, count_amounts, look_at_lookup, look_at_rights
from shared.db.engine import RELATIONS, Place, Snapshot
from shared.db.migrate import check_migrated
from shared.db.relations import mismatches
from shared.errors import ForeignInstallation, StoreUnavailable
from shared.ranked_lists.health import read_health
from warmline.diagnosis import (
    judge_deleted,
    judge_duplicates,
    judge_kinds,
    judge_old,
    judge_rows,
    judge_unknown,
)
from warmline.findings import Finding, Severity, problem
from warmline.setup_diagnosis import LARGE_TABLE, RARELY_ASKED, judge_amounts, judge_lookup, judge_redis, judge_rights
from warmline.stores import Stores

Steps = Iterator[tuple[str, list[Finding]]]  # what is being looked at, and what was found there
SCHEMA_CHECK = "schema warmline"
DATED = ("users", "posts", "interactions")


def examine(stores: Stores, snapshot: Snapshot) -> Steps:
    """All steps; each gives its findings when it is done."""
    database = stores.database
    yield "Redis", _redis(stores.redis_url)
    schema = _schema(stores)
    yield SCHEMA_CHECK, schema
    if not schema:
        yield "installation", _installation(stores)
    if database.source is None and schema:
        return  # without its tables there is nothing to look at
    place = database.source or database.own
    connection = snapshot.connection(place)
    probe = Probe(connection, place)
    usable = set()
    for relation in RELATIONS:
        found = _contract(snapshot, place, relation)
        found += _rights(probe, relation) if not found and database.has_views else []
        if not any(each.severity is Severity.PROBLEM for each in found):
            usable.add(relation)
        yield relation, found
    lookups: list[Lookup] = []
    for relation, column, condition in LOOKUPS:
        # Of our own tables the migrations decide which indexes there are: one on events' post_id is not among them.
        if relation in usable and (database.has_views or column not in RARELY_ASKED):
            lookup = look_at_lookup(probe, relation, column, condition)
            lookups += [lookup] if lookup else []
            yield f"{relation}.{column}", judge_lookup(lookup, relation=relation, column=column)
    yield from _rows(Probe(connection, place, unordered=_too_large_to_sort(lookups)), usable)


def _rows(probe: Probe, usable: set[str]) -> Steps:
    """What the rows themselves say, as far as their relations keep the contract."""
    for relation in (each for each in RELATIONS if each in usable):
        shares = look_at_rows(probe, relation)
        yield relation, judge_rows(relation, shares)
        if relation in DATED:
            yield relation, judge_old(relation, look_for_old_rows(probe, relation))
        if relation in ("users", "posts"):
            yield relation, judge_duplicates(relation, look_for_duplicates(probe, relation))
        if relation == "posts" and shares and "interactions" in usable:
            yield "posts.deleted_at", judge_deleted(shares["deleted"], look_for_events_after_deletion(probe))
        for column, target in LINKS.get(relation, {}).items():
            if target in usable:
                unknown = look_for_unknown(probe, relation, column)
                yield f"{relation}.{column}", judge_unknown(relation, column, target, unknown)
    if "interactions" in usable:
        yield "interactions.kind", judge_kinds(count_kinds(probe))
    if {"interactions", "posts"} <= usable:
        yield "phase 2", judge_amounts(count_amounts(probe))


def _redis(url: str) -> list[Finding]:
    try:
        return judge_redis(read_health(url))
    except StoreUnavailable as error:
        todo = "start it, or see to WARMLINE_REDIS_URL; until then timelines show the newest posts"
        return [problem("Redis", str(error), expected="an answer", todo=todo)]


def _installation(stores: Stores) -> list[Finding]:
    try:
        stores.refuse_foreign_redis()
    except ForeignInstallation as error:
        todo = "give this one a database of Redis of its own; `warmline installation show` looks at models, too"
        return [problem("Redis", str(error), expected="an owner of its own", todo=todo)]
    except StoreUnavailable:
        pass  # said above
    return []


def _schema(stores: Stores) -> list[Finding]:
    try:
        check_migrated(stores.database)
    except StoreUnavailable as error:
        return [problem(SCHEMA_CHECK, str(error), expected="this version's schema", todo="warmline migrate")]
    return []


def _contract(snapshot: Snapshot, place: Place, relation: str) -> list[Finding]:
    wrong = mismatches(snapshot.connection(place), place, relation)
    return [
        problem(
            f"{each.relation}.{each.column}" if each.column else each.relation,
            f"got {each.got}",
            expected=each.expected,
            todo=each.cure,
        )
        for each in wrong
    ]


def _rights(probe: Probe, relation: str) -> list[Finding]:
    rights = look_at_rights(probe).get(relation)
    return judge_rights(probe.schema, relation, rights) if rights else []


def _too_large_to_sort(lookups: list[Lookup]) -> set[str]:
    """Relations whose newest rows could only be found by sorting all of them."""
    return {
        each.relation
        for each in lookups
        if each.column == "created_at" and each.is_indexed is False and each.rows >= LARGE_TABLE
    }
