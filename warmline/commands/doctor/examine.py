"""Runs all checks of `warmline doctor` in the order of their dependencies.

What cannot be read is a finding of its own, and the other checks still run.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from shared.content.settings import ContentSettings
from shared.db.cures import cure_type
from shared.db.details import count_trainable
from shared.db.doctor.indexes import LOOKUPS, LookupPlans, find_missing_indexes
from shared.db.doctor.rows import (
    LINKS,
    SAME_ROW,
    STATEMENT_SECONDS,
    RowProbe,
    RowShare,
    count_kinds,
    look_at_rows,
    look_for_duplicates,
    look_for_events_after_deletion,
    look_for_events_before_posts,
    look_for_old_rows,
    look_for_repeats,
    look_for_unknown,
    look_for_unknown_senders,
)
from shared.db.doctor.setup import count_amounts, look_at_rights, look_at_role, sample_posts, value_of
from shared.db.engine import RELATIONS, DatabaseSnapshot, RelationHome
from shared.db.migrate import check_migrated
from shared.db.models import CHAMPION, list_models
from shared.db.relations import (
    NEEDED,
    OPTIONAL_RELATIONS,
    Mismatch,
    has_relation,
    mismatches,
    usable_optional,
    wrong_optional,
)
from shared.db.rights import SCORING, TRAINING, missing_rights
from shared.db.runs import recent_runs
from shared.errors import ConfigurationError, ForeignInstallation, NotMigrated, SourceError, StoreUnavailable
from shared.jobs.names import Job
from shared.neucf.size import model_bytes
from shared.ranked_lists.health import read_health
from shared.settings import ListSettings, ModelSettings, load_settings
from warmline.commands.doctor.encoder_check import check_encoders
from warmline.commands.doctor.photo_check import SAMPLE_PHOTOS, check_photos
from warmline.commands.doctor.row_rules import (
    judge_deleted,
    judge_duplicates,
    judge_early,
    judge_kinds,
    judge_old,
    judge_repeats,
    judge_rows,
    judge_unknown,
    judge_unknown_senders,
)
from warmline.commands.doctor.run_rules import NewestRun, judge_folder, judge_models, judge_own_rights, judge_runs
from warmline.commands.doctor.settings_check import check_settings
from warmline.commands.doctor.setup_rules import (
    LARGE_TABLE,
    RARELY_ASKED,
    judge_amounts,
    judge_lookups,
    judge_own_role,
    judge_redis,
    judge_rights,
)
from warmline.findings import Finding, Severity, hint, problem, too_slow, unanswered
from warmline.stores import OpenStores

Steps = Iterator[tuple[str, list[Finding]]]  # what is checked, and the findings
Shares = Mapping[str, RowShare]  # the counts of each check of a relation's rows
Questions = Iterator[tuple[str, Callable[[], list[Finding]]]]  # the subject, and a function that gives the findings
UNREADABLE = "SELECT * from it in psql as the same role and see to what PostgreSQL says; the jobs would fail alike"
SCHEMA_CHECK = "schema warmline"
DATED = ("users", "posts", "interactions")
RUNS_LOOKED_AT = 20  # of a job, to find one that succeeded


def examine(stores: OpenStores, snapshot: DatabaseSnapshot) -> Steps:
    """All steps; each yields its findings when it is done."""
    yield "settings", check_settings()
    yield "Redis", _redis(stores.redis_url)
    schema = _schema(stores)
    yield SCHEMA_CHECK, schema
    if not schema:
        yield "installation", _installation(stores)
        own = RowProbe(snapshot.connection(stores.database.own), stores.database.own)
        yield "database role", _answered("database role", lambda: judge_own_role(look_at_role(own)))
        yield "jobs and models", _jobs(stores)
    elif not stores.database.has_views:
        return  # without its tables there is nothing to check
    yield from _relations(stores, snapshot, is_migrated=not schema)


def _relations(stores: OpenStores, snapshot: DatabaseSnapshot, *, is_migrated: bool) -> Steps:
    """Check the four relations: contract, indexes and rows."""
    has_views = stores.database.has_views
    place = stores.database.source or stores.database.own
    connection = snapshot.connection(place)
    probe = RowProbe(connection, place)
    usable = yield from _contracts(snapshot, place, probe, has_views=has_views)
    # The indexes of our own tables come from the migrations; events have none on post_id.
    also = [relation for relation in OPTIONAL_RELATIONS if has_views and _is_read(snapshot, place, relation)]
    wanted = [(one, column) for one, column, *_ in LOOKUPS if one in usable or one in also]
    lookups = find_missing_indexes(probe, [each for each in wanted if has_views or each[1] not in RARELY_ASKED])
    probe = RowProbe(connection, place, unordered=_too_large_to_sort(lookups))
    optional = {relation: usable_optional(connection, place, relation) for relation in usable}
    shares = yield from _readable(probe, optional, has_views=has_views)
    # Index checks of a failing view may fail too, and will differ once the view is repaired.
    yield "indexes", judge_lookups(lookups.of_relations({*shares, *also}))
    yield from _rows(probe, {each: found for each, found in shares.items() if found is None or _has_rows(found)})
    if has_views and "users" in shares and is_migrated:
        own = RowProbe(snapshot.connection(stores.database.own), stores.database.own)
        yield (
            "events by the API",
            _answered("events by the API", lambda: judge_unknown_senders(look_for_unknown_senders(own, probe))),
        )


def _contracts(
    snapshot: DatabaseSnapshot, place: RelationHome, probe: RowProbe, *, has_views: bool
) -> Generator[tuple[str, list[Finding]], None, list[str]]:
    """Check that each relation follows the contract and may be read; returns those of the four that do."""
    usable = []
    for relation in RELATIONS:
        found = _contract(snapshot, place, probe, relation)
        found += _rights(probe, relation) if not found and has_views else []
        found += _optional(snapshot, place, probe, relation)
        if not any(each.severity is Severity.PROBLEM for each in found):
            usable.append(relation)
        yield relation, found
    for relation in OPTIONAL_RELATIONS:
        if has_views and has_relation(snapshot.connection(place), place, relation):
            yield relation, _optional(snapshot, place, probe, relation)
    return usable


def _is_read(snapshot: DatabaseSnapshot, place: RelationHome, relation: str) -> bool:
    """Whether an optional relation is there and counts."""
    return set(NEEDED[relation]).issubset(usable_optional(snapshot.connection(place), place, relation))


def _readable(
    probe: RowProbe, usable: Mapping[str, Sequence[str]], *, has_views: bool
) -> Generator[tuple[str, list[Finding]], None, dict[str, Shares | None]]:
    """Check the newest rows of each relation, with its optional columns; returns the counts of the readable ones."""
    shares: dict[str, Shares | None] = {}
    for relation, optional in usable.items():
        try:
            shares[relation] = look_at_rows(probe, relation, optional=optional)
        except SourceError as error:
            yield relation, [_unreadable(relation, error)]
        else:
            yield relation, judge_rows(relation, shares[relation], is_view=has_views)
    return shares


def _rows(probe: RowProbe, filled: Mapping[str, Shares | None]) -> Steps:
    """Check the rows of readable relations against each other; equal failures are reported once."""
    said: set[str] = set()
    for where, question in _questions(probe, filled):
        found = [each for each in _answered(where, question) if each.todo != UNREADABLE or each.got not in said]
        said |= {each.got for each in found if each.todo == UNREADABLE}
        yield where, found


def _questions(probe: RowProbe, filled: Mapping[str, Shares | None]) -> Questions:
    """The questions about readable relations with rows; each may fail separately."""
    for relation in filled:
        yield from _questions_of(probe, relation, filled)
    if {"interactions", "posts"} <= filled.keys():
        if posts := filled["posts"]:
            deleted = posts["deleted"]
            yield "posts.deleted_at", lambda: judge_deleted(deleted, look_for_events_after_deletion(probe))
        yield "interactions.created_at", lambda: judge_early(look_for_events_before_posts(probe))
        yield "interactions.kind", lambda: judge_kinds(count_kinds(probe))
        yield "phase 2", lambda: _phase_2(probe)
    if "posts" in filled:
        yield "photos", lambda: _photos(probe)


def _questions_of(probe: RowProbe, relation: str, filled: Mapping[str, Shares | None]) -> Questions:
    if relation in DATED:
        yield f"{relation}.created_at", lambda: judge_old(relation, look_for_old_rows(probe, relation))
    if relation in SAME_ROW:
        yield relation, lambda: judge_repeats(relation, look_for_repeats(probe, relation))
    else:
        yield f"{relation}.id", lambda: judge_duplicates(relation, look_for_duplicates(probe, relation))
    for column, target in LINKS.get(relation, {}).items():
        if target in filled:
            yield f"{relation}.{column}", partial(_unknown, probe, relation, column, target)


def _unknown(probe: RowProbe, relation: str, column: str, target: str) -> list[Finding]:
    return judge_unknown(relation, column, target, look_for_unknown(probe, relation, column))


def _answered(where: str, question: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return question()
    except SourceError as error:
        return [_unreadable(where, error)]


def _unreadable(where: str, error: Exception) -> Finding:
    got = f"it fails when it is read: {error}"
    return problem(where, got, expected="a relation whose every row can be read", todo=UNREADABLE)


def _has_rows(shares: Shares) -> bool:
    return any(share.total for share in shares.values())


def _phase_2(probe: RowProbe) -> list[Finding]:
    """Check whether there is enough data for training, and whether the encoders work."""
    found = judge_amounts(count_amounts(probe))
    try:
        settings = load_settings(ContentSettings)
    except ConfigurationError:  # the step `settings` reported it
        return found
    return found + check_encoders(settings, with_sample=all(each.severity is Severity.GOOD for each in found))


def _photos(probe: RowProbe) -> list[Finding]:
    posts = sample_posts(probe, count=SAMPLE_PHOTOS, with_image=True)
    if posts is None:
        return [too_slow("posts.image_url", STATEMENT_SECONDS)]
    try:
        settings = load_settings(ContentSettings)
    except ConfigurationError as error:
        return [problem("settings", str(error), expected="settings that can be read", todo="see .env.example")]
    return check_photos(posts, settings)


def _redis(url: str) -> list[Finding]:
    try:
        return judge_redis(read_health(url))
    except StoreUnavailable as error:
        todo = "start it, or see to WARMLINE_REDIS_URL; until then timelines show the newest posts"
        return [problem("Redis", str(error), expected="an answer", todo=todo)]


def _installation(stores: OpenStores) -> list[Finding]:
    try:
        stores.refuse_foreign_redis()
    except ForeignInstallation as error:
        todo = "give this one a database of Redis of its own; `warmline installation show` looks at models, too"
        return [problem("Redis", str(error), expected="an owner of its own", todo=todo)]
    except StoreUnavailable:
        pass  # reported above
    return []


def _schema(stores: OpenStores) -> list[Finding]:
    try:
        check_migrated(stores.database)
    except NotMigrated as error:
        return [problem(SCHEMA_CHECK, str(error), expected="this version's schema", todo="warmline migrate")]
    except StoreUnavailable as error:
        return [unanswered(error)]
    return []


def _jobs(stores: OpenStores) -> list[Finding]:
    """Check the recorded runs and models in our own PostgreSQL."""
    try:
        models = list_models(stores.database)
        last = {job: _last_run(recent_runs(stores.database, limit=RUNS_LOOKED_AT, job=job)) for job in Job}
        missing = missing_rights(stores.database, {**SCORING, **TRAINING})
        keep_for, model_dir = load_settings(ListSettings).keep_for, load_settings(ModelSettings).model_dir
    except (SourceError, StoreUnavailable, ConfigurationError) as error:
        return [problem("jobs", str(error), expected="the record of runs and models", todo="see to what it says")]
    has_champion = any(model.alias == CHAMPION for model in models)
    runs = judge_runs(last, now=datetime.now(UTC), keep_for=keep_for, has_champion=has_champion)
    return (
        runs
        + judge_models(models, model_dir)
        + judge_folder(model_dir, partial(_first_model, stores))
        + judge_own_rights(missing)
    )


def _first_model(stores: OpenStores) -> int:
    """Bytes of a first model; the size without data if counting takes too long."""
    try:
        with stores.database.read() as snapshot:
            users, posts = count_trainable(snapshot, since=datetime.fromtimestamp(0, UTC))
    except (SourceError, StoreUnavailable):
        users = posts = 0
    return model_bytes(users=users, posts=posts)


def _last_run(runs: Sequence[Mapping[Any, Any]]) -> NewestRun | None:
    if not runs:
        return None
    newest = runs[0]
    done_at = next((run["finished_at"] for run in runs if run["state"] == "done"), None)
    return NewestRun(
        state=newest["state"], error=newest["error"] or "", asked_at=newest["requested_at"], done_at=done_at
    )


def _contract(snapshot: DatabaseSnapshot, place: RelationHome, probe: RowProbe, relation: str) -> list[Finding]:
    wrong = mismatches(snapshot.connection(place), place, relation)
    return [
        problem(
            f"{each.relation}.{each.column}" if each.column else each.relation,
            f"got {each.got}",
            expected=each.expected,
            todo=_cure(probe, relation, each),
        )
        for each in wrong
    ]


def _optional(snapshot: DatabaseSnapshot, place: RelationHome, probe: RowProbe, relation: str) -> list[Finding]:
    """Optional columns, or an optional relation, that are ignored, since they are not what the contract says."""
    return [
        hint(
            f"{each.relation}.{each.column}" if each.column else each.relation,
            f"got {each.got}, and ignored",
            expected=f"{each.expected}, or no such {'column' if relation in RELATIONS else 'relation'}",
            todo=_cure(probe, relation, each),
        )
        for each in wrong_optional(snapshot.connection(place), place, relation)
    ]


def _cure(probe: RowProbe, relation: str, wrong: Mismatch) -> str:
    """The SQL to write instead, chosen by a value of the column if one can be read."""
    if wrong.column is None or wrong.got_type is None:
        return wrong.cure
    try:
        value = value_of(probe, relation, wrong.column, wrong.got_type)
    except SourceError:  # no right to read it, or a failing view: the finding about the type remains valid
        value = None
    return cure_type(wrong.column, wrong.got_type, value)


def _rights(probe: RowProbe, relation: str) -> list[Finding]:
    rights = look_at_rights(probe).get(relation)
    return judge_rights(probe.schema, relation, rights) if rights else []


def _too_large_to_sort(lookups: LookupPlans) -> set[str]:
    """Relations whose newest rows can only be found by sorting all rows."""
    large = [each for each in lookups.missing if each.rows >= LARGE_TABLE]
    asked = [lookup.partition(".") for each in large for lookup in each.serves]
    return {relation for relation, _, column in asked if column == "created_at"}
