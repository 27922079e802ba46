"""One heuristic run: load, score, rank, publish; then housekeeping."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from s01_heuristic.housekeeping import keep_house
from s01_heuristic.live import LiveRanking
from s01_heuristic.mode_lists import publish_mode_lists
from s01_heuristic.new_posts import new_post_pool
from s01_heuristic.rank import RankedCandidates, entries_as_wished, rank_posts
from s01_heuristic.surfaces import begin_of, publish_onboarding, publish_suggestions
from shared.candidates.asked_for import AskedFor
from shared.candidates.followed import FollowedPosts
from shared.candidates.heuristic_scores import score_posts
from shared.candidates.ranking_input import RankingInput, catalogue_entries, load_ranking_input
from shared.candidates.training_amounts import amounts_of
from shared.db.arrivals import arrivals_mark
from shared.db.engine import Database
from shared.db.erasure import erased_lately
from shared.db.runs import Run, for_run, last_report
from shared.db.vectors import count_vectors
from shared.domain import Phase, Source
from shared.eligibility import Viewer
from shared.live.users import LiveCandidates
from shared.logs import stage
from shared.operations.safety import claim_redis, publish_safety
from shared.ranked_lists.codec import RankedList, encode, encode_lists, length_of
from shared.ranked_lists.job_store import JobStore, PublishedCounts
from shared.ranked_lists.publication import Publication
from shared.settings import HeuristicSettings, ListSettings, NewPostSettings, RetentionSettings, WindowSettings

JOB = "heuristic"
SECONDS_PER_DAY = 86_400
NOTHING_WITHHELD = Viewer()
STEPS = {
    "loading": 5.0,
    "ranking": 1.0,
    "lists": 4.0,
    "suggestions": 1.0,
    "housekeeping": 0.2,
}  # step -> its approximate share of a run
USERS_AT_ONCE = 256  # lists computed together: enough to hide the cost of numpy's calls, few enough for the cache


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSettings:
    """The settings that a run uses."""

    window: WindowSettings
    lists: ListSettings
    formula: HeuristicSettings
    new_posts: NewPostSettings
    retention: RetentionSettings = field(default_factory=RetentionSettings)


def run_heuristic(
    database: Database,
    writer: JobStore,
    settings: JobSettings,
    run: Run,
    now: datetime,
    on_ranked: Callable[[LiveRanking], object] = lambda _: None,
) -> Mapping[str, Any]:
    """Rank all candidates for all active users and publish the lists; returns the report for the run's row.

    `on_ranked` gets what live passes need, before the publication is complete.
    """
    started, database, writer = time.monotonic(), for_run(database, run), writer.for_run(JOB, run.fence)
    run.progress.plan(STEPS)
    run.progress.report("loading", 0, 1)
    claim_redis(database, writer)  # repeated below, because Redis may restart meanwhile
    writer.refuse_earlier_runs()
    with stage("heuristic.load") as loaded:
        safety = writer.begin_safety_load()  # before anything is read
        mark = arrivals_mark(database)
        asked, kept_since = writer.recent_list_requests(now), settings.retention.kept_since(now)
        inputs = load_ranking_input(database, settings.window, settings.lists, now, asked, kept_since)
        loaded.update(posts=len(inputs.posts), events=len(inputs.events), users=len(inputs.users))
        loaded.update({f"uncounted_{what}": count for what, count in asdict(inputs.uncounted).items() if count})
    run.progress.report("ranking", 0, 1)
    with stage("heuristic.rank") as ranked:
        scores = score_posts(inputs.posts, inputs.candidate_events, settings.formula, now)
        ranking = rank_posts(inputs.posts, inputs.post_numbers, scores, alpha=settings.formula.alpha)
        ranked.update(posts=len(ranking))
    with stage("heuristic.publish") as written:
        claim_redis(database, writer)
        writer.publish_catalogue(catalogue_entries(inputs))
        publish_safety(
            writer, viewers=inputs.viewers, version=inputs.version, removed=inputs.removed,
            suspended=inputs.suspended, erased=erased_lately(database), load=safety,
            author_hashes=inputs.author_hashes,
        )  # fmt: skip
        new_posts = new_post_pool(inputs, ranking, settings.new_posts, run.fence, now)
        if len(ranking):
            writer.publish_new_posts(_encoded(Source.HEURISTIC, new_posts, run, now), job=JOB, run=run.fence)
        published = (
            _publish_lists(database, writer, inputs, ranking, settings.lists, run, now) if len(ranking) else None
        )
        if published:
            written.update(
                publish_mode_lists(database, writer, inputs, ranking, settings.lists, run=run.fence, now=now)
            )
            publish_onboarding(database, writer, inputs, ranking, run=run.fence, now=now)
        lists = published or PublishedCounts(lists=0, bytes=0)
        written.update(lists=lists.lists, bytes=lists.bytes, new_posts=length_of(new_posts))
    seconds, suggested = time.monotonic() - started, dict[str, Any]()
    if published:
        on_ranked(LiveRanking(candidates=LiveCandidates.of(inputs, generation=run.fence), ranking=ranking))
        publication = Publication(run=run.fence, at=now, lists=lists.lists, bytes=lists.bytes, seconds=seconds)
        writer.note_publication(Phase.HEURISTIC, publication, job=JOB)
        suggested = _suggest(database, writer, inputs, ranking, run, now)
    housekeeping = keep_house(database, settings.retention, now, run.progress.report, job=JOB)
    return {
        "mark": mark,
        "posts": len(inputs.posts),
        "events": len(inputs.events),
        "rows": inputs.row_counts,
        "users": len(inputs.users),
        "lists": lists.lists,
        "bytes": lists.bytes,
        "stages": {"load": loaded["seconds"], "rank": ranked["seconds"], "publish": written["seconds"]}
        | ({"suggest": suggested["seconds"]} if suggested else {}),
        "removed": len(inputs.removed),
        "uncounted": asdict(inputs.uncounted),
        **_readiness(database, inputs, settings.lists, now),
        "suggestions": suggested,
        "housekeeping": housekeeping,
        "seconds": round(seconds, 3),
    }


def _suggest(
    database: Database, writer: JobStore, inputs: RankingInput, ranking: RankedCandidates, run: Run, now: datetime
) -> dict[str, Any]:
    """Publish suggestions, after the lists, which do not depend on them."""
    last = last_report(database, JOB)
    return publish_suggestions(
        database, writer, inputs, ranking, run=run.fence, now=now,
        begin_at=begin_of(last["report"] if last is not None else None), report_progress=run.progress.report,
    )  # fmt: skip


def _readiness(database: Database, inputs: RankingInput, settings: ListSettings, now: datetime) -> dict[str, Any]:
    """How much data there is for phase 2, within the candidates' window."""
    posts, events = inputs.posts, inputs.events
    oldest = max(0.0, float(posts.created_at.min(initial=now.timestamp())))  # nobody liked before 1970
    return {
        "amounts": amounts_of(
            events.user_id_hashes, events.post_id_hashes, events.kinds, n_posts=len(posts),
            min_positives=settings.cold_min_positives, days=(now.timestamp() - oldest) / SECONDS_PER_DAY,
        ),
        "vectors": count_vectors(database, posts.ids),
    }  # fmt: skip


def _publish_lists(
    database: Database,
    writer: JobStore,
    inputs: RankingInput,
    ranking: RankedCandidates,
    settings: ListSettings,
    run: Run,
    now: datetime,
) -> PublishedCounts:
    """Publish a list for each active user, then everyone's list."""
    with database.read() as snapshot:
        asked = inputs.said.asked_by(snapshot, hides=inputs.hides, snapshots=database.read)
        followed = inputs.follows.of_users(
            snapshot, inputs.users.ids, inputs.users.id_hashes, inputs.viewer, share=settings.following_share, now=now
        )
    lists = _lists(inputs, ranking, asked, followed, settings, run, now)
    published = writer.publish_lists(lists, phase=Phase.HEURISTIC, job=JOB, run=run.fence)
    writer.drop_lists(inputs.not_personalised, phase=Phase.HEURISTIC, version=inputs.version)
    everyone = ranking.entries[: settings.everyone_length].tobytes()
    writer.publish_everyone(_encoded(Source.EVERYONE, everyone, run, now), job=JOB, run=run.fence)
    return published


def _lists(
    inputs: RankingInput,
    ranking: RankedCandidates,
    asked: AskedFor | None,
    followed: FollowedPosts | None,
    settings: ListSettings,
    run: Run,
    now: datetime,
) -> Iterator[tuple[str, bytes]]:
    """Pairs of user id and encoded list, computed for a block of users at a time."""
    head = RankedList(source=Source.HEURISTIC, generation=run.fence, generated_at=now, entries=b"")
    for start in range(0, len(inputs.users), USERS_AT_ONCE):
        run.progress.report("lists", start, len(inputs.users))
        users = inputs.users.ids[start : start + USERS_AT_ONCE]
        viewers = [inputs.viewers.get(user, NOTHING_WITHHELD) for user in users]
        own_author_hashes = [inputs.author_hashes[user] for user in users]
        length = settings.list_length
        entries = entries_as_wished(ranking, users, viewers, own_author_hashes, asked, followed, length=length)
        yield from zip(users, encode_lists(head, entries, version=inputs.version), strict=True)


def _encoded(source: Source, entries: bytes, run: Run, now: datetime) -> bytes:
    return encode(RankedList(source=source, generation=run.fence, generated_at=now, entries=entries))
