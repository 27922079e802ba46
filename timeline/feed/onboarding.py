"""What a newcomer is shown first: a spread of posts as published, tags with examples, or a shared list.

The posts are chosen as those of a page are (`timeline.feed.select_posts`), by the rules of a stranger, and nothing is
recorded. A stranger sees no sensitive post: nobody knows yet what they want to see. While PostgreSQL is away, posts of
the spread are known not to be sensitive from when it was made, and other posts only if this process has read that.
"""

from contextlib import suppress
from functools import partial
from itertools import compress

from msgspec.structs import replace

from shared.errors import StoreUnavailable
from shared.preferences.rules import ViewerRules
from shared.ranked_lists import codec
from shared.ranked_lists.onboarding import Onboarding
from shared.ranked_lists.records import NONCE_BYTES, Chain, SeenRecord, Tail
from timeline.feed.chain_page import ChainPage
from timeline.feed.fallbacks import Fallbacks
from timeline.feed.prepare_list import ListPreparer
from timeline.feed.records import PageRequest
from timeline.feed.select_posts import PostSelector
from timeline.feed.surface_records import OnboardingAnswer, ReadState, TagExamples
from timeline.stores.budgets import RequestBudget
from timeline.stores.resources import FeedResources
from timeline.stores.segments import merge_lists

ONBOARDING = "onboarding"  # the source of an answer that has posts of the spread in it
STRANGER = ""  # no user has an empty id
OTHERS = 400  # of the shared list: what they say must be read first


class OnboardingFeed:
    """Answers from Redis, and from the process's own copies while it is away."""

    def __init__(self, resources: FeedResources, *, read_state: ReadState, sources: Fallbacks) -> None:
        """
        Args:
            resources: shared with the feed.
            read_state: what a user must not be shown, from the best store that answers (`Feed.state`).
            sources: the lists of the process, shared with the feed.
        """
        self._reader, self._stores, self._snapshot = resources.reader, resources.stores, resources.snapshot
        self._facts, self._read_state = resources.post_facts, read_state
        self._sources = sources
        self._selector = PostSelector(resources, self._sources, ListPreparer(resources))

    async def answer(self, *, limit: int, language: str | None) -> OnboardingAnswer:
        """Posts and tags.

        Args:
            limit: most posts.
            language: posts in another one are left out, as `preferences.words.language_of` gives it; None: any.
        """
        budget = self._stores.new_budget()
        state = await self._read_state(STRANGER, budget)  # with that, the newest deletions are known
        published = await self._published(budget)
        shared = await self._sources.shared_list(has_redis="redis" not in budget.degraded)
        rules = ViewerRules(hides_sensitive=True, languages=frozenset([language] if language else []))
        gone = set(await self._facts.withheld(rules, published.post_numbers(), budget)) if published else set[int]()
        entries = spread = _spread_of(published, language) if published else b""
        if sum(number not in gone for number in codec.post_numbers_of(spread)) < limit:
            others = codec.part(shared.entries, 0, OTHERS)
            numbers = frozenset(codec.post_numbers_of(others)).difference(codec.post_numbers_of(spread))
            gone |= await self._withheld_of_others(rules, numbers, budget)
            entries = merge_lists([spread, others]).packed
        viewer = replace(state.viewer, seen_posts=(), is_personalised=False)
        page = ChainPage(
            request=PageRequest(user_id=STRANGER, limit=limit),
            state=replace(state, packed_lists={}, seen=SeenRecord(), viewer=viewer), budget=budget,
            chain=Chain(nonce=bytes(NONCE_BYTES), frozen=shared.with_entries(entries)), slot=0,
            tail=Tail(unseen=0, entries=b""), position=0, gone=gone,
        )  # fmt: skip
        await self._selector.fill(page)
        is_spread = not frozenset(codec.post_numbers_of(spread)).isdisjoint(page.posts.post_numbers)
        return OnboardingAnswer(
            posts=page.posts,
            tags=await self._tags(published, page) if published else (),
            source=ONBOARDING if is_spread else shared.source.value,
            generated_at=published.generated_at if published and is_spread else shared.generated_at,
            degraded=budget.degraded_stores(),
        )

    async def _published(self, budget: RequestBudget) -> Onboarding | None:
        """What Redis has, which is the same for every process; while it is away, this process's copy."""
        with suppress(StoreUnavailable):
            return await self._stores.redis_with_timeout(budget, self._reader.onboarding)
        return self._snapshot.onboarding

    async def _withheld_of_others(
        self, rules: ViewerRules, post_numbers: frozenset[int], budget: RequestBudget
    ) -> set[int]:
        """Those of these posts that the rules withhold, or of which nobody tells whether they do."""
        await self._facts.withheld(rules, post_numbers, budget)
        return {number for number in post_numbers if self._facts.hides(rules, number)}

    async def _tags(self, published: Onboarding, page: ChainPage) -> list[TagExamples]:
        """The tags that have examples which may be shown."""
        numbers = {number for tag in published.tags for number in tag.examples}
        if page.has_redis:
            with suppress(StoreUnavailable):
                await self._stores.redis(page.budget, partial(self._reader.ensure_posts, numbers))
        withheld = self._reader.withheld  # read anew: posts of suspended authors are found once their entries are here
        shown = {
            number: post.post_id
            for number in numbers - page.gone - withheld.post_numbers
            if (post := self._reader.catalogue.get(number)) is not None and post.author not in withheld.authors
        }
        found = ((tag, [shown[number] for number in tag.examples if number in shown]) for tag in published.tags)
        return [TagExamples(tag=tag.tag, posts=tag.posts, examples=examples) for tag, examples in found if examples]


def _spread_of(published: Onboarding, language: str | None) -> bytes:
    """The entries of the spread, in one language or in any."""
    if language is None:
        return published.entries
    return b"".join(compress(codec.split(published.entries), published.in_language(language)))
