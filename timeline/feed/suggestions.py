"""Whom a user may want to follow: as the last run found, less whom they must not or need not be shown by now.

A block, a mute, a follow, a suspension and an erasure hold from the next answer of every process on: each author is
compared with what Redis and PostgreSQL say now. Nothing is recorded.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

from msgspec import Struct

from shared.db.suggestible import authors_of_numbers, may_be_suggested
from shared.eligibility import Viewer
from shared.errors import StoreUnavailable
from shared.ranked_lists import codec
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.suggestions import AuthorName, AuthorReason, SuggestedAuthor, SuggestedAuthors
from timeline.feed.fallbacks import Fallbacks
from timeline.feed.surface_records import ReadState, Suggestion, SuggestionsAnswer
from timeline.stores.budgets import RequestBudget
from timeline.stores.resources import FeedResources

PERSONAL, POPULAR = "personal", "popular"  # sources; authors of a shared list have the list's
AT_ONCE = 60  # authors that are looked at together
OTHERS = 300  # posts of a shared list whose authors are suggested where a run has published none


class _AskedAuthors(Struct, gc=False):
    """One request while it is answered."""

    user_id: str
    limit: int
    viewer: Viewer
    budget: RequestBudget
    found: dict[int, Suggestion]  # by author hash
    sources: list[tuple[str, datetime]]  # of those that were found, in order

    @property
    def is_full(self) -> bool:
        return len(self.found) >= self.limit


class SuggestionsFeed:
    """Answers from Redis; while it is away or empty, with the authors of the posts that everybody is shown."""

    def __init__(self, resources: FeedResources, *, read_state: ReadState, sources: Fallbacks) -> None:
        """
        Args:
            resources: shared with the feed.
            read_state: what a user must not be shown, from the best store that answers (`Feed.state`).
            sources: the lists of the process, shared with the feed.
        """
        self._reader, self._stores, self._database = resources.reader, resources.stores, resources.database
        self._facts, self._read_state = resources.post_facts, read_state
        self._sources = sources

    async def answer(self, user_id: str, *, limit: int) -> SuggestionsAnswer:
        """Authors whom this user does not follow, the best first."""
        budget = self._stores.new_budget()
        viewer = (await self._read_state(user_id, budget)).viewer
        asked = _AskedAuthors(user_id, limit, viewer, budget, {}, [])
        own, popular = await self._published(user_id, budget)
        if own is not None and viewer.is_personalised:
            await self._add(asked, own, PERSONAL)
        if popular is not None:
            await self._add(asked, popular, POPULAR)
        shared = await self._sources.shared_list(has_redis="redis" not in budget.degraded)
        if popular is None and not asked.is_full:
            await self._add_others(asked, shared)
        source, generated_at = asked.sources[0] if asked.sources else (shared.source.value, shared.generated_at)
        authors = [*asked.found.values()][:limit]
        return SuggestionsAnswer(
            authors=authors, source=source, generated_at=generated_at, degraded=budget.degraded_stores()
        )

    async def _published(self, user_id: str, budget: RequestBudget) -> tuple[SuggestedAuthors | None, ...]:
        with suppress(StoreUnavailable):
            return await self._stores.redis_with_timeout(budget, partial(self._reader.suggestions, user_id))
        return None, None

    async def _add(self, asked: _AskedAuthors, suggested: SuggestedAuthors, source: str) -> None:
        """Add authors of a run, as far as there is room."""
        wanted = [author for author in suggested.authors if self._may_show(asked, author.author)]
        for start in range(0, len(wanted), AT_ONCE):
            if asked.is_full:
                return
            part, names = wanted[start : start + AT_ONCE], dict[int, AuthorName]()
            with suppress(StoreUnavailable):
                ask = partial(self._reader.author_names, [each.author for each in part])
                names |= await self._stores.redis(asked.budget, ask)
            found = await self._suggestible(
                asked, [(each, names[each.author]) for each in part if each.author in names]
            )
            _note(asked, found, source, suggested.generated_at)

    async def _add_others(self, asked: _AskedAuthors, shared: RankedList) -> None:
        """Add the authors of the first posts of a shared list, as far as PostgreSQL tells who they are."""
        best = self._best_posts(asked, codec.part(shared.entries, 0, OTHERS))
        names: Mapping[int, str] = {}
        with suppress(StoreUnavailable):
            read = partial(authors_of_numbers, self._database, [number for _, number in best])
            names = await self._stores.database(asked.budget, read)
        wanted = [(why, AuthorName(names[number], [number])) for why, number in best if number in names]
        for start in range(0, len(wanted), AT_ONCE):
            if asked.is_full:
                return
            found = await self._suggestible(asked, wanted[start : start + AT_ONCE])
            _note(asked, found, shared.source.value, shared.generated_at)

    def _best_posts(self, asked: _AskedAuthors, entries: bytes) -> list[tuple[SuggestedAuthor, int]]:
        """The first post of each author who may be shown, and how good it is."""
        best: dict[int, tuple[SuggestedAuthor, int]] = {}
        for index in range(codec.length_of(entries)):
            number, _, score = codec.entry_at(entries, index)
            post = self._reader.catalogue.get(number)
            if post is None or post.author in best or not self._may_show(asked, post.author):
                continue
            if number not in self._reader.withheld.post_numbers and number not in asked.viewer.hidden_posts:
                best[post.author] = SuggestedAuthor(post.author, AuthorReason.POPULAR, 0, score), number
        return [*best.values()]

    def _may_show(self, asked: _AskedAuthors, author: int) -> bool:
        withheld = self._reader.withheld.authors
        return author not in asked.viewer.hidden_authors and author not in withheld and author not in asked.found

    async def _suggestible(
        self, asked: _AskedAuthors, wanted: Sequence[tuple[SuggestedAuthor, AuthorName]]
    ) -> list[Suggestion]:
        """Those of these authors who have a post to show, and whom the user may follow."""
        viewer, gone = asked.viewer, self._reader.withheld.post_numbers | asked.viewer.hidden_posts
        if viewer.rules:
            numbers = {number for _, name in wanted for number in name.examples}
            gone = gone.union(await self._facts.withheld(viewer.rules, numbers, asked.budget))
        named = {name.author_id: why for why, name in wanted if not gone.issuperset(name.examples)}
        ids: Iterable[str] = named
        with suppress(StoreUnavailable):  # then as of the last run
            read = partial(may_be_suggested, self._database, asked.user_id, list(named))
            allowed = await self._stores.database(asked.budget, read)
            ids = [author_id for author_id in named if author_id in allowed]
        return [Suggestion(author_id, named[author_id]) for author_id in ids]


def _note(asked: _AskedAuthors, found: Sequence[Suggestion], source: str, generated_at: datetime) -> None:
    if found:
        asked.found |= {suggestion.why.author: suggestion for suggestion in found}
        asked.sources.append((source, generated_at))
