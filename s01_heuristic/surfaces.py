"""Publishes what a run makes beside lists: what newcomers are shown first, and whom users may want to follow."""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from s01_heuristic.engagement import engagement_of
from s01_heuristic.onboarding import best_posts, eligible_posts, is_current, onboarding_of
from s01_heuristic.rank import RankedCandidates
from s01_heuristic.suggestions import Suggester, popular_authors
from shared.candidates.ranking_input import RankingInput
from shared.db.engine import Database
from shared.db.post_facts import facts_of_posts
from shared.db.user_pairs import load_follow_pairs, load_pairs_apart
from shared.event_columns import Int64s
from shared.logs import stage
from shared.ranked_lists.job_store import JobStore
from shared.ranked_lists.suggestions import MAX_EXAMPLES, header, pack_name
from shared.run_progress import ReportProgress

BUDGET = timedelta(seconds=5)  # of one run for suggestions; users who are left are the first ones of the next run
USERS_AT_ONCE = 256  # some 20 MB of intermediate results


def publish_onboarding(
    database: Database, writer: JobStore, inputs: RankingInput, ranking: RankedCandidates, *, run: int, now: datetime
) -> None:
    """Publish a spread of posts and tags, or let the one of an earlier run live longer while it is current."""
    with stage("heuristic.onboarding") as facts:
        ids = [inputs.posts.ids[index] for index in best_posts(inputs, ranking).tolist()]
        with database.read() as snapshot:
            said = dict(facts_of_posts(snapshot, ids, caption_characters=0))
        posts, held = eligible_posts(inputs, ranking, said), writer.held_onboarding()
        is_kept = is_current(held, posts, now)
        onboarding = held if held is not None and is_kept else onboarding_of(posts, generation=run, now=now)
        size = writer.publish_onboarding(onboarding)
        facts.update(posts=len(onboarding.spoken), tags=len(onboarding.tags), bytes=size, is_new=not is_kept)


def publish_suggestions(
    database: Database,
    writer: JobStore,
    inputs: RankingInput,
    ranking: RankedCandidates,
    *,
    run: int,
    now: datetime,
    begin_at: int | None,
    report_progress: ReportProgress,
    budget: timedelta = BUDGET,
) -> dict[str, Any]:
    """Publish authors for each active user, as far as the time goes, and for everybody; returns the part of the report.

    Args:
        database: ours.
        writer: of this run.
        inputs: candidates, events and active users.
        ranking: the candidates, best first.
        run: the run's fencing number.
        now: time of the run.
        begin_at: id hash of the user with whom to begin, from the report of the run before.
        report_progress: is told how many users are done.
        budget: for the users.
    """
    with stage("heuristic.suggestions") as told:
        with database.read() as snapshot:
            follows, apart = load_follow_pairs(snapshot), load_pairs_apart(snapshot)
        engagement = engagement_of(
            inputs.posts.author_id_hashes, inputs.candidate_events, follows.all, follows.counted, apart,
            inputs.users.id_hashes,
        )  # fmt: skip
        authors = engagement.indices_of(inputs.posts.author_id_hashes)  # (n_posts,)
        author_hashes = np.zeros(len(engagement.hashes), np.uint64)
        author_hashes[authors] = [inputs.author_hashes[author] for author in inputs.posts.author_ids]
        ranks = ranking.index.indices_of(np.array(inputs.post_numbers, np.uint32))
        scores = ranking.entries["score"][ranks].astype(np.float64)
        names = dict(_names(inputs, ranks))
        writer.publish_author_names(names)
        head = header(run, now)
        (everybody,) = popular_authors(authors, scores, engagement).packed(author_hashes, 1)
        size = writer.publish_popular_authors(head + everybody)
        is_suggested = np.zeros(len(engagement.hashes), np.bool_)
        is_suggested[authors] = True
        suggester = Suggester.of(engagement, is_suggested, seed=run)
        order = _from(inputs.users.id_hashes, begin_at)
        ends, done = time.monotonic() + budget.total_seconds(), 0
        while done < len(order) and (done == 0 or time.monotonic() < ends):
            report_progress("suggestions", done, len(order))
            users = order[done : done + USERS_AT_ONCE]
            found = suggester.suggest(engagement.indices_of(inputs.users.id_hashes[users]))
            values = [head + entries if entries else b"" for entries in found.packed(author_hashes, len(users))]
            size += writer.publish_suggestions(zip([inputs.users.ids[user] for user in users], values, strict=True))
            done += len(users)
        writer.drop_suggestions(inputs.not_personalised)
        told.update(users=done, authors=len(names), follows=len(follows.all), bytes=size, behind=done < len(order))
    return {
        "users": done,
        "authors": len(names),
        "follows": len(follows.all),
        "bytes": size,
        "begin_at": int(inputs.users.id_hashes[order[done]]) if done < len(order) else None,
        "seconds": told["seconds"],
    }


def begin_of(report: Mapping[str, Any] | None) -> int | None:
    """With which user the next run begins, from the report of the last one."""
    begin_at = ((report or {}).get("suggestions") or {}).get("begin_at")
    return begin_at if isinstance(begin_at, int) else None


def _from(id_hashes: Int64s, begin_at: int | None) -> Int64s:
    """The indices of users by id hash, from one on and then the others."""
    order = np.argsort(id_hashes)
    return order if begin_at is None else np.roll(order, -int(np.searchsorted(id_hashes[order], begin_at)))


def _names(inputs: RankingInput, ranks: Int64s) -> Iterator[tuple[int, bytes]]:
    """Pairs of author hash and who that is, with their best posts."""
    examples: dict[str, list[int]] = {}
    for index in np.argsort(ranks).tolist():
        best = examples.setdefault(inputs.posts.author_ids[index], [])
        if len(best) < MAX_EXAMPLES:
            best.append(inputs.post_numbers[index])
    for author, numbers in examples.items():
        yield inputs.author_hashes[author], pack_name(author, numbers)
