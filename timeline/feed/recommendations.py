"""Recommendations for people without an account, from posts that they liked and disliked, or from a text.

The posts that are named are checked first: of those that the caller may not see, and of unknown ones alike, nothing is
told. Then a ranker is asked, through Redis and within a budget. What it answers is filtered as a page of the timeline
is; if it does not answer, or knows nothing that fits, the shared lists follow. Nothing is stored.
"""

import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct, field

from shared.db.eligible_posts import EligiblePost, eligible_posts
from shared.domain import RecommendBy, Source
from shared.eligibility import may_show
from shared.errors import StoreUnavailable
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.recommend_codec import (
    MAX_ANSWER,
    JudgedPost,
    Recommended,
    UnreadableRequest,
    Wanted,
)
from shared.ranked_lists.recommend_queue import NoAnswer, RecommendAsker, Unanswered, new_token
from shared.ranked_lists.timeline_store import UserState
from timeline.feed.liked_neighbours import LATEST, similar_to_all
from timeline.feed.records import PagePosts, PageRequest
from timeline.stores.budgets import RequestBudget
from timeline.stores.resources import FeedResources

if TYPE_CHECKING:
    from timeline.feed.feed import Feed

NOBODY = ""  # no user has this id: a caller without one is shown what everyone is
RANKER = "ranker"  # in `degraded`, beside the stores
SPARE = 60  # posts that are asked for beyond the page, in place of those that must not be shown or stand too close
TIMES = 3  # the same, of the page's length
PAGE_SECONDS = 0.03  # kept of the budget for the page itself


class RecommendRequest(Struct, kw_only=True, gc=False):
    """What a client asks for; each list of ids has each id once."""

    liked: Sequence[str]
    disliked: Sequence[str]
    text: str
    by: RecommendBy
    limit: int
    exclude: Collection[str]
    user_id: str | None  # whose rules apply


class RecommendedPage(Struct, kw_only=True, gc=False):
    """What a client gets."""

    posts: PagePosts
    source: RecommendBy | Source
    degraded: tuple[str, ...]


class _RankerOutcome(Struct, gc=False):
    """What came of asking a ranker."""

    # Those that the caller may see; None: PostgreSQL did not say.
    named: dict[str, EligiblePost] | None = field(default_factory=dict)
    answer: Recommended | None = None
    has_written: bool = False  # Redis took a write
    is_degraded: bool = False


class Recommendations:
    """Answers requests of one timeline process."""

    def __init__(
        self, resources: FeedResources, feed: "Feed", asker: RecommendAsker, *, budget: timedelta
    ) -> None:  # fmt: skip
        self._resources, self._feed, self._asker = resources, feed, asker
        self._seconds = budget.total_seconds()

    async def recommend(self, request: RecommendRequest) -> RecommendedPage:
        """Some posts, from the best source that answers; there always are some while any may be shown."""
        begun, budget = time.monotonic(), self._resources.stores.new_budget()
        viewer_id = request.user_id or NOBODY
        state = await self._feed.viewer_state(viewer_id, budget)
        asked = _RankerOutcome()
        if state.viewer.is_personalised and (request.liked or request.text):
            asked = await self._ask(request, state, budget, until=begun + self._seconds - PAGE_SECONDS)
        if not asked.has_written:
            await self._feed.check_writable(budget)
        if budget.must_start_over:
            state = await self._feed.viewer_state(viewer_id, budget)
        by, entries = request.by, b""
        if asked.answer is not None:
            by, entries = asked.answer.by, asked.answer.entries
        elif asked.is_degraded or asked.named is None:
            by, entries = RecommendBy.CONTENT, await self._similar(request, state, asked.named, budget)
        ranked = RankedList(source=Source.EVERYONE, generation=0, generated_at=datetime.now(UTC), entries=entries)
        page = PageRequest(
            user_id=viewer_id,
            limit=request.limit,
            exclude=frozenset([*request.exclude, *request.liked, *request.disliked]),
        )
        posts, shared = await self._feed.single_page(page, ranked, state, budget)
        degraded = budget.degraded_stores()
        return RecommendedPage(
            posts=posts, source=shared or by, degraded=(*degraded, RANKER) if asked.is_degraded else degraded
        )

    async def _ask(
        self, request: RecommendRequest, state: UserState, budget: RequestBudget, *, until: float
    ) -> _RankerOutcome:
        """Ask a ranker, if there is anything to ask for."""
        said = await self._eligible(request, state, budget)
        named = said or {}
        liked = [named[post_id] for post_id in request.liked if post_id in named]
        disliked = [named[post_id] for post_id in request.disliked if post_id in named]
        if not liked and not request.text:
            return _RankerOutcome(named=said)
        wanted = Wanted(
            token=new_token(),
            installation=self._resources.reader.installation or "",
            by=request.by,
            count=min(MAX_ANSWER, TIMES * request.limit + SPARE + len(request.exclude)),
            budget_ms=max(1, int(1000 * (until - time.monotonic()))),
            liked=_judged(liked),
            disliked=_judged(disliked),
            text=request.text,
        )
        asked, counters = _RankerOutcome(named=said, is_degraded=True), self._resources.metrics.recommendations
        counters.asked()
        try:
            await self._resources.stores.redis_with_timeout(budget, partial(self._asker.put, wanted))
            asked.has_written = True
            asked.answer = await self._asker.answer(wanted.token, seconds=until - time.monotonic())
            asked.is_degraded = not asked.answer.is_complete
        except Unanswered as unanswered:
            counters.unanswered(unanswered.why)
        except (StoreUnavailable, UnreadableRequest):  # the budget knows which store
            counters.unanswered(NoAnswer.REDIS)
        return asked

    async def _eligible(
        self, request: RecommendRequest, state: UserState, budget: RequestBudget
    ) -> dict[str, EligiblePost] | None:
        """Those of the named posts that the caller may see; None while PostgreSQL, which knows, is away."""
        ids = {*request.liked, *request.disliked}
        if not ids:
            return {}
        try:
            found = await self._resources.stores.database(
                budget, partial(eligible_posts, self._resources.database, ids, now=datetime.now(UTC))
            )
        except StoreUnavailable:
            return None
        viewer, withheld = state.viewer, self._resources.reader.withheld.post_numbers
        shown = {
            post_id: post
            for post_id, post in found.items()
            if post.post_number not in withheld
            and may_show(viewer, post_number=-1 if post.post_number is None else post.post_number, author=post.author)
        }
        if not viewer.rules:
            return shown
        numbers = {post.post_number for post in shown.values() if post.post_number is not None}
        gone = await self._resources.post_facts.withheld(viewer.rules, numbers, budget)
        # What a post without a number says is not known here.
        return {
            post_id: post
            for post_id, post in shown.items()
            if post.post_number is not None and post.post_number not in gone
        }

    async def _similar(
        self,
        request: RecommendRequest,
        state: UserState,
        named: dict[str, EligiblePost] | None,
        budget: RequestBudget,
    ) -> bytes:
        """What is published as similar to the liked posts, as far as the caller may see these; packed entries."""
        ids = [post_id for post_id in request.liked if named is None or post_id in named][-LATEST:]
        resources, viewer = self._resources, state.viewer
        try:
            read = partial(resources.reader.neighbours_of_all, ids)
            held = await resources.stores.redis_with_timeout(budget, read)
        except StoreUnavailable:
            return b""
        shown = [
            post
            for post in held
            if post is not None
            and not resources.reader.withheld.withholds(post.post_number, post.author)
            and may_show(viewer, post_number=post.post_number, author=post.author)
        ]
        if viewer.rules:
            await resources.post_facts.withheld(viewer.rules, {post.post_number for post in shown}, budget)
            shown = [post for post in shown if not resources.post_facts.hides(viewer.rules, post.post_number)]
        return similar_to_all(shown)


def _judged(posts: Sequence[EligiblePost]) -> list[JudgedPost]:
    return [JudgedPost(post.post_id, post.id_hash) for post in posts]
