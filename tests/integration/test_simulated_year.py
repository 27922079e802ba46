"""A year of a small app: rows and bytes of everything that is stored level off, except what is documented to stay.

The clock does not go ahead: the past moves back, in both stores, so that every clock in the code is the real one.
Numbers that bound a count (runs, reports, acts) are small here, so that a year is more than enough to reach them.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean

import pytest
import redis
import sqlalchemy as sa

from s02_train_neucf.save import drop_old_folders, put_on_record
from shared.content.encode_posts import Encoders, encode_new
from shared.content.photos.photo_source import PhotoSource
from shared.content.settings import ContentSettings
from shared.db import feed_counts, models, retention, runs
from shared.db.arrivals import revoked_since
from shared.db.engine import Database
from shared.db.erasure import erase_again, erase_user, settle_erasure
from shared.db.events import Event, FeedPosition, revoke_events, store_events
from shared.db.models import SavedModel
from shared.db.phases import change_phase, installation_id
from shared.db.runs import finish_run, last_report, record_heartbeat
from shared.db.safety import next_safety_version
from shared.db.safety_outbox import SafetyChange, settle_changes
from shared.db.tables import SCHEMA, metadata
from shared.db.tables import runs as runs_table
from shared.db.writes import PostWrite, delete_post, put_block, put_post
from shared.domain import InteractionKind, Phase, hash_of_user
from shared.neucf.model_files import FORMAT, MANIFEST
from shared.ranked_lists import keys
from shared.ranked_lists.job_store import JobStore
from shared.ranked_lists.page_store import Lifetimes
from shared.ranked_lists.user_store import UserStore
from tests.integration.shared.content.test_photo_clusters import MeanColour
from tests.integration.shared.content.test_sources_away import Lengths
from tests.stores import claimed_run, heuristic_run, rows, scalar

DAYS, STEP = 365, 10
READERS, VIEWS_A_STEP = 3, 12  # of each reader
OLD_POSTS = 12  # that stay
LIVES_FOR = 120  # days that a newcomer is here, until they are erased
EARLIER, LATER = range(200, 231), range(335, 366)  # days that are compared
MOST_GROWTH = 1.1
STAYING = {"tombstones", "post_rows"}  # one for each post and user that ever was, as documented
TIMES = "timestamp with time zone", "date"
TABLES = [table.name for table in metadata.sorted_tables]

# ARGV: milliseconds. Keys expire as if this time had passed; sets that are ordered by time move back.
PASS_TIME = """
for _, name in ipairs(redis.call('KEYS', 'wl:*')) do
  local left = redis.call('PTTL', name)
  if left >= 0 and left <= tonumber(ARGV[1]) then redis.call('DEL', name)
  elseif left >= 0 then redis.call('PEXPIRE', name, left - ARGV[1]) end
end
for _, name in ipairs(KEYS) do
  for _, member in ipairs(redis.call('ZRANGE', name, 0, -1)) do
    redis.call('ZINCRBY', name, -ARGV[1] / 1000, member)
  end
end
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What a day of the app needs."""

    database: Database
    writer: JobStore
    readers: UserStore
    client: redis.Redis
    encoders: Encoders
    model_dir: Path

    def passes(self, days: int) -> None:
        """Move the past back."""
        with self.database.begin() as connection:
            for table, columns in _time_columns(connection).items():
                moved = ", ".join(f"{name} = ({name} - :by)::{kind}" for name, kind in columns)
                connection.execute(sa.text(f"UPDATE {SCHEMA}.{table} SET {moved}"), {"by": timedelta(days=days)})
        self._move_report(timedelta(days=days))
        self.client.eval(PASS_TIME, 2, keys.ERASED, keys.ASKED, days * 86_400_000)

    def _move_report(self, by: timedelta) -> None:
        last = last_report(self.database, "heuristic")
        if last is None:
            return
        known = last["report"]["housekeeping"]
        known["kept_since"] = {kind: _moved(at, by) for kind, at in known["kept_since"].items()}
        known |= {name: _moved(known[name], by) for name in ("events_looked_at", "rest_looked_at")}
        with self.database.begin() as connection:
            newest = sa.select(sa.func.max(runs_table.c.id)).where(
                runs_table.c.job == "heuristic", runs_table.c.state == "done"
            )
            report = {**last["report"], "housekeeping": known}
            connection.execute(
                runs_table.update().where(runs_table.c.id == newest.scalar_subquery()).values(report=report)
            )

    def obeyed(self, change: SafetyChange) -> None:
        """As a timeline does."""
        if change.post_numbers:
            self.writer.add_deleted(set(change.post_numbers), version=next_safety_version(self.database))
        settle_changes(self.database, [change.id] if change.id is not None else [])

    def erased(self, user_id: str) -> None:
        erasure = erase_user(self.database, user_id)
        self.obeyed(erasure.blocked)
        self.writer.note_erased({hash_of_user(user_id): datetime.now(UTC)})
        removed = erase_again(self.database, erasure)
        self.writer.add_deleted(set(removed.post_numbers), version=next_safety_version(self.database))
        self.readers.forget_user(user_id, removed.post_numbers)
        settle_erasure(self.database, erasure)


def _time_columns(connection: sa.Connection) -> Mapping[str, list[tuple[str, str]]]:
    query = sa.text(
        """
        SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c
        JOIN information_schema.tables t USING (table_schema, table_name)
        WHERE c.table_schema = :schema AND t.table_type = 'BASE TABLE' AND c.data_type = ANY(:types)
        """
    )
    found = defaultdict(list)
    for table, column, kind in connection.execute(query, {"schema": SCHEMA, "types": list(TIMES)}):
        found[table].append((column, kind))
    return found


def _moved(at: str, by: timedelta) -> str:
    return (datetime.fromisoformat(at) - by).isoformat() if not at.startswith("1970") else at


@pytest.fixture
def app(
    database: Database, writer: JobStore, client: redis.Redis, fresh_redis: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[App]:  # fmt: skip
    """An app with a few posts that stay."""
    for module, name, value in (
        (runs, "HISTORY_KEEP", 10), (retention, "RECORDS_KEPT", 10), (models, "RECORDS_KEPT", 10),
        (feed_counts, "GENERATIONS_KEPT", 20),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    lifetimes = Lifetimes(chain_for=timedelta(hours=1), seen_for=timedelta(days=30), seen_length=1500)
    readers = UserStore(fresh_redis, lifetimes=lifetimes, timeout=timedelta(seconds=5))
    encoders = Encoders(image=MeanColour(), caption=Lengths(), photos=PhotoSource())
    for number in range(OLD_POSTS):
        put_post(database, _post(f"old-{number}", "the paper"))
    yield App(
        database=database, writer=writer, readers=readers, client=client, encoders=encoders, model_dir=tmp_path
    )  # fmt: skip
    readers.close()


def _post(post_id: str, author: str) -> PostWrite:
    return PostWrite(post_id=post_id, author_id=author, caption=f"words of {post_id}", image_url=None, created_at=None)


def a_step(app: App, day: int) -> None:
    """Some days: people look and like, one comes, one is erased; posts come and go; jobs run, operators act."""
    now, database, newcomer = datetime.now(UTC), app.database, f"guest-{day:03}"
    generation = int(scalar(database, "SELECT last_value FROM warmline.fences"))
    for number in range(3):
        put_post(database, _post(f"{newcomer}-{number}", newcomer))
    events = [
        Event(
            user_id=f"reader-{reader}", post_id=f"old-{number % OLD_POSTS}", kind=InteractionKind.VIEW,
            at=now - timedelta(hours=STEP * 24 * number / VIEWS_A_STEP), event_id=f"{day}-{reader}-{number}",
            feed_position=FeedPosition(source="heuristic", generation=generation, position=0),
        )
        for reader in range(READERS)
        for number in range(VIEWS_A_STEP)
    ]  # fmt: skip
    likes = [Event(user_id=newcomer, post_id=f"old-{number}", kind=InteractionKind.LIKE, at=now) for number in range(4)]
    stored = store_events(database, [*events, *likes])
    assert not stored.refused
    app.readers.mark_seen({f"reader-{reader}": list(stored.post_numbers.values()) for reader in range(READERS)})
    app.obeyed(put_block(database, newcomer, "reader-0"))
    app.obeyed(revoke_events(database, likes[:1]).hides)
    app.obeyed(delete_post(database, f"{newcomer}-0"))
    if day >= LIVES_FOR:
        app.erased(f"guest-{day - LIVES_FOR:03}")
    change_phase(database, Phase.HEURISTIC, rollout_percent=100, by="a test")
    record_heartbeat(database, "timeline", worker=f"host:{day}")
    heuristic_run(database, app.writer, now=now)
    _train(app, day, now)
    _score(app)


def _train(app: App, day: int, now: datetime) -> None:
    """What a training stores, in its order, without a model in it."""
    run = claimed_run(app.database, "train")
    encode_new(app.database, app.encoders, ContentSettings(), now)
    (app.model_dir / f"model-{day}").mkdir()
    manifest = {"format": FORMAT, "weights_sha256": f"weights-{day}", "numbering": installation_id(app.database)}
    (app.model_dir / f"model-{day}" / MANIFEST).write_text(json.dumps(manifest))
    model = SavedModel(
        run_id=run.id,
        folder=f"model-{day}",
        sha256=f"weights-{day}",
        accepted=True,
        verdict="better",
        report={"text": "x" * 1000},
    )
    put_on_record(app.database, run, model)
    drop_old_folders(app.database, app.model_dir, newest=3)
    assert finish_run(app.database, run, report={})


def _score(app: App) -> None:
    """What a scoring run takes away."""
    run = claimed_run(app.database, "score")
    revoked_since(app.database, int(scalar(app.database, "SELECT txid_current()")))
    assert finish_run(app.database, run, report={})


def stored(app: App) -> dict[str, tuple[int, int]]:
    """Rows (keys, files) and bytes of each table, of Redis, and of the model folder."""
    found = {
        table: tuple(
            rows(app.database, f"SELECT count(*), coalesce(sum(pg_column_size(t.*)), 0) FROM {SCHEMA}.{table} t")[0]
        )
        for table in TABLES
    }
    names = list(app.client.scan_iter("*"))
    found["redis"] = len(names), sum(len(app.client.dump(name) or b"") for name in names)
    files = [path for path in app.model_dir.rglob("*") if path.is_file()]
    found["models"] = len(files), sum(path.stat().st_size for path in files)
    return found


def test_everything_that_is_stored_levels_off_within_a_year(app: App) -> None:
    measured: list[tuple[int, dict[str, tuple[int, int]]]] = []
    for day in range(0, DAYS + 1, STEP):
        app.passes(STEP)
        a_step(app, day)
        if day in EARLIER or day in LATER:
            measured.append((day, stored(app)))
    grown = {}
    for name in measured[0][1]:
        for index, unit in enumerate(("rows", "bytes")):
            earlier, later = (
                mean(found[name][index] for day, found in measured if day in period) for period in (EARLIER, LATER)
            )
            if later > MOST_GROWTH * earlier + (1 if unit == "rows" else 100):
                grown[name, unit] = earlier, later
    assert {name for name, _ in grown} == STAYING, grown
