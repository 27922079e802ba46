"""`warmline capacity`: what a world of some size will need, by what is here and by the last real runs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from shared.db.sizes import StoredAmounts, read_event_rates, read_stored_amounts
from shared.ranked_lists import keys
from shared.ranked_lists.key_sizes import MemoryUse, measure_key_sizes, measure_key_usage, read_memory_use
from shared.settings import ListSettings, RetentionSettings, load_settings
from warmline.commands.capacity.events import EventGrowth, event_growth
from warmline.commands.capacity.history import MeasuredRun, last_runs
from warmline.commands.capacity.model import (
    HEURISTIC,
    JOBS,
    MIN_ROWS,
    MOST_GROWTH,
    REDIS_BYTES,
    TRAIN,
    BytesPerItem,
    DataSize,
    Growth,
    KeyCounts,
    Table,
    another_encoder_bytes,
    event_bytes,
    postgres_bytes,
    reader_bytes,
    redis_bytes,
    redis_bytes_assumed,
    seconds_of,
)
from warmline.screen import age, number_of, progress_bar, say, show_json, show_sections
from warmline.stores import OpenStores, open_stores

MB = 1e6
MOST_OTHERS = 0.05  # of our keys; more keys of others make what is used theirs
STEADY = "what is here, measured, times what grows"
ASSUMED = "nothing was published yet: all users active, all posts candidates, ids as long as UUIDs"
ONCE = "run once, then ask again"


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionCheck:
    """What would have been predicted for the world that is here, and what is."""

    what: str
    predicted: float
    found: float | None  # None: what is found is not ours alone
    note: str | None = None  # why it cannot be compared, or is off

    @property
    def off(self) -> float | None:
        """By how much of what was found the prediction is off; above 0: too high."""
        return self.predicted / self.found - 1 if self.found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSeconds:
    """The seconds of a job, predicted from its last real run; without parts they are unknown, and `how` says why."""

    parts: Mapping[str, float] | None
    how: str

    @property
    def seconds(self) -> float | None:
        return sum(self.parts.values()) if self.parts is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """A prediction, and how it does here."""

    world: DataSize
    here: DataSize
    redis: Mapping[str, int]
    redis_how: str
    reader: int
    postgres: Mapping[str, int]
    postgres_how: str
    another_encoder: int
    events: Sequence[EventGrowth]  # in our own table, at the present rate
    jobs: Mapping[str, JobSeconds]
    checks: tuple[PredictionCheck, ...]


def run_capacity(*, users: int, posts: int, interactions: int, as_json: bool) -> int:
    """Predict, check, and show."""
    lists, retention = load_settings(ListSettings), load_settings(RetentionSettings)
    with open_stores() as stores, progress_bar("capacity: weighing what is here") as progress:
        stores.refuse_foreign_redis()
        progress.add_task("", total=None)
        capacity = predict(stores, lists, retention, users=users, posts=posts, interactions=interactions)
    if as_json:
        show_json(as_dict(capacity))
    else:
        _show(capacity)
    return 0


def predict(
    stores: OpenStores,
    lists: ListSettings,
    retention: RetentionSettings,
    *,
    users: int,
    posts: int,
    interactions: int,
) -> Capacity:
    """Weigh what is here, and reckon."""
    stored, runs = read_stored_amounts(stores.database), last_runs(stores.database)
    here = DataSize(users=stored.rows["users"], posts=stored.rows["posts"], interactions=stored.rows["interactions"])
    world = DataSize(users=users, posts=posts, interactions=interactions)
    single = measure_key_sizes(stores.redis_url, list_length=lists.list_length)
    weights = BytesPerItem(
        list=single.list,
        viewer=single.viewer,
        viewer_post=single.viewer_post,
        catalogue_post=single.catalogue_post,
        chain=single.chain,
        similar=single.similar,
    )
    redis, redis_how, checks = _redis(stores, lists, here, world, weights, runs)
    tables, vectors, views = _tables(stored), _vectors(stored), stores.database.has_views
    postgres = postgres_bytes(tables, world, Growth.between(here, world), views=views, vectors=vectors)
    if HEURISTIC in runs:
        is_now = {"image": 0.0} | {part: count / max(here.posts, 1) for part, count in stored.vectors.items()}
        still = postgres_bytes(tables, here, Growth.between(here, here), views=views, vectors=is_now)
        checks = (*checks, PredictionCheck(what="PostgreSQL", predicted=sum(still.values()), found=stored.bytes))
    return Capacity(
        world=world,
        here=here,
        redis=redis,
        redis_how=redis_how,
        reader=reader_bytes(weights, chains=keys.ALL_SLOTS, seen_length=lists.seen_length),
        postgres=postgres,
        postgres_how=_postgres_how(tables, views=views),
        another_encoder=another_encoder_bytes(world, vectors),
        events=event_growth(
            read_event_rates(stores.database, now=datetime.now(UTC)),
            retention.keep_days,
            row_bytes=event_bytes(tables["interactions"]),
        ),
        jobs={job: _seconds(job, runs.get(job), here, world) for job in JOBS},
        checks=checks,
    )


def as_dict(capacity: Capacity) -> dict[str, Any]:
    """For a script."""
    return {
        "world": asdict(capacity.world),
        "here": asdict(capacity.here),
        "redis": {
            "bytes": sum(capacity.redis.values()),
            "by_kind": capacity.redis,
            "each_reader_at_most": capacity.reader,
            "how": capacity.redis_how,
        },
        "postgresql": {
            "bytes": sum(capacity.postgres.values()),
            "by_kind": capacity.postgres,
            "another_encoder": capacity.another_encoder,
            "events": [asdict(each) for each in capacity.events],
            "how": capacity.postgres_how,
        },
        "seconds": {job: _rounded(each.seconds) for job, each in capacity.jobs.items()},
        "stages": {
            job: {part: _rounded(value) for part, value in (each.parts or {}).items()}
            for job, each in capacity.jobs.items()
        },
        "how": {job: each.how for job, each in capacity.jobs.items()},
        "check": [
            {**asdict(check), "off": None if check.off is None else round(check.off, 4)} for check in capacity.checks
        ],
    }


def _redis(
    stores: OpenStores,
    lists: ListSettings,
    here: DataSize,
    world: DataSize,
    weights: BytesPerItem,
    runs: Mapping[str, MeasuredRun],
) -> tuple[dict[str, int], str, tuple[PredictionCheck, ...]]:
    """Bytes by kind of key, how they were come by, and how that does for what is here."""
    found = {
        kind: KeyCounts(count=each.count, bytes=each.bytes)
        for kind, each in measure_key_usage(stores.redis_url).items()
    }
    if "list:h" not in found or HEURISTIC not in runs:
        return redis_bytes_assumed(world, weights, max_lists=lists.max_lists), ASSUMED, ()
    warm = int(runs[HEURISTIC].report.get("amounts", {}).get("warm_users", 0))
    growth = Growth.between(here, world)
    predicted = redis_bytes(found, growth, warm_users=warm, max_lists=lists.max_lists)
    still = redis_bytes(found, Growth.between(here, here), warm_users=0, max_lists=lists.max_lists)
    ours = sum(each.count for each in found.values())
    return predicted, STEADY, (check_redis(sum(still.values()), read_memory_use(stores.redis_url), ours=ours),)


def check_redis(predicted: int, stored: MemoryUse, *, ours: int) -> PredictionCheck:
    """Compare with what Redis says of itself, where it holds hardly anything of others: it does not tell whose is what.

    Args:
        predicted: bytes.
        there: as Redis says.
        ours: keys of this installation.
    """
    others = stored.keys - ours
    if others > MOST_OTHERS * ours:
        many = number_of(others, "other key")
        why = f"not compared, for the server holds {many}: it does not say whose bytes are whose"
        return PredictionCheck(what="Redis", predicted=predicted, found=None, note=why)
    is_small = abs(predicted - stored.by_keys) <= REDIS_BYTES
    note = f"below {_megabytes(REDIS_BYTES)} the difference is what Redis takes besides keys" if is_small else None
    return PredictionCheck(what="Redis", predicted=predicted, found=stored.by_keys, note=note)


def _tables(stored: StoredAmounts) -> dict[str, Table]:
    return {name: Table(rows=rows, bytes=stored.table_bytes.get(name, 0)) for name, rows in stored.own_rows.items()}


def _vectors(stored: StoredAmounts) -> dict[str, float]:
    """How many of each part a post will have: a caption each, and a photo as often as here."""
    posts = stored.rows["posts"]
    return {"caption": 1.0, "image": stored.photos / posts if posts else 1.0}


def _postgres_how(tables: Mapping[str, Table], *, views: bool) -> str:
    grown = [name for name, table in tables.items() if table.rows >= MIN_ROWS]
    if not grown:
        return "assumed: ids as long as UUIDs, for no table here is large enough to be measured"
    theirs = "; the relations are your own" if views else ""
    return f"measured here: {', '.join(grown)}; the others assumed, with ids as long as UUIDs{theirs}"


def _seconds(job: str, run: MeasuredRun | None, here: DataSize, world: DataSize) -> JobSeconds:
    if run is None:
        return JobSeconds(parts=None, how=ONCE)
    growth = Growth.between(run.worked_on(job, here), world)
    when = f"its last run, {age(datetime.now(UTC) - run.at)} ago, took {run.seconds:,.1f} s"
    parts = seconds_of(job, run.stages, run.seconds, growth)
    if parts is None:
        return JobSeconds(
            parts=None,
            how=f"{when} on less than 1/{MOST_GROWTH:g} of that, which says too little: {ONCE} when there is more",
        )
    encoding = f"; {run.encoded:,} captions and photos were new to it" if run.encoded else ""
    as_then = f"; as many epochs as then{_side_by_side(run.workers)}" if job == TRAIN else ""
    return JobSeconds(parts=parts, how=f"{when}, each part times what it grows with{encoding}{as_then}")


def _side_by_side(workers: int) -> str:
    return f", in {workers} processes side by side as then" if workers > 1 else ", in one process as then"


def _show(capacity: Capacity) -> None:
    world = capacity.world
    sizes = {"user": world.users, "post": world.posts, "interaction": world.interactions}
    say(", ".join(number_of(count, word) for word, count in sizes.items()))
    redis, postgres = sum(capacity.redis.values()), sum(capacity.postgres.values())
    reader = f"and at most {capacity.reader:,} bytes for each reader who scrolls"
    beside = f"and {_megabytes(capacity.another_encoder)} while other encoders are tried beside the champion's"
    show_sections(
        [
            ("Redis", [f"{_megabytes(redis)}: {capacity.redis_how}", _parts(capacity.redis), reader]),
            ("PostgreSQL", [f"{_megabytes(postgres)}: {capacity.postgres_how}", _parts(capacity.postgres), beside]),
            *([("events", [each.sentence() for each in capacity.events])] if capacity.events else []),
            *((f"job {job}", [_need(each)]) for job, each in capacity.jobs.items()),
        ]
    )
    if not capacity.checks:
        say("Nothing to check it against: the heuristic has not run here yet.")
    for check in capacity.checks:
        off = "" if check.off is None else f", {check.off:+.0%}"
        found = "" if check.found is None else f", found {_megabytes(check.found)}{off}"
        note = f" ({check.note})" if check.note else ""
        say(f"Check on what is here, {check.what}: predicted {_megabytes(check.predicted)}{found}{note}")


def _need(job: JobSeconds) -> str:
    return f"{'not known' if job.seconds is None else f'{job.seconds:,.1f} s'}: {job.how}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _megabytes(size: float) -> str:
    return f"{size / MB:,.1f} MB"


def _parts(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {_megabytes(size)}" for name, size in sizes.items() if size)
