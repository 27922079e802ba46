"""Chooses a page's posts from its chain: those that may be shown, each as early as spacing allows."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from shared.db.newest import posts_by_number
from shared.eligibility import may_show, may_show_all
from shared.errors import StoreUnavailable
from shared.ranked_lists import codec
from shared.ranked_lists.records import CatalogueEntry
from shared.spacing.author_spacing import WINDOW, Spacing
from shared.spacing.deferred_posts import DeferredPost, DeferredPosts
from timeline.feed.chain_page import ChainPage
from timeline.stores.local_copies import catalogue_entry
from timeline.stores.resources import FeedResources

if TYPE_CHECKING:
    from timeline.feed.fallbacks import Fallbacks
    from timeline.feed.prepare_list import ListPreparer

MORE = 4  # posts examined beyond a page: the one that follows it, and some in place of deferred ones
LOOK_AHEAD = 16  # catalogue entries that are fetched in advance
MIN_BATCH = 4  # posts looked up at once, even if fewer are needed: some of them must not be shown

Deferred = DeferredPosts[CatalogueEntry]


class PostSelector:
    """Fills pages with the posts of their chains, as the catalogue knows them."""

    def __init__(self, resources: FeedResources, sources: "Fallbacks", preparer: "ListPreparer") -> None:
        self._reader, self._database, self._stores = resources.reader, resources.database, resources.stores
        self._catalogue = resources.reader.catalogue
        self._sources, self._preparer = sources, preparer

    async def repeat(self, page: ChainPage, end: int) -> None:
        """Fill with the page that was served from here, or its beginning, without what must not be shown any more."""
        await self._load_entries(page, page.position, end)
        while page.position < end and len(page.posts) < page.request.limit:
            post = self._showable_at(page, page.position)
            if post is not None:
                (mark,) = codec.marks_of(page.entries(page.position, page.position + 1))
                page.posts.append(post, mark)
            page.position += 1

    async def fill(self, page: ChainPage) -> None:
        """Choose posts until the page is full or the chain is used up; seen posts only after all unseen ones."""
        spacing = Spacing(await self._before(page) if page.position > 0 else ())
        offset = await self._fill_from(page, spacing, page.position, includes_seen=False)
        if len(page.chosen) < page.request.limit:
            await self._fill_from(page, spacing, offset, includes_seen=True)

    async def has_more(self, page: ChainPage) -> bool:
        """Whether a post that may be shown follows the page."""
        offset = page.position
        # Usually the next post is such a one; without Redis only PostgreSQL knows.
        if page.has_redis and offset < page.whole_length and self._showable_at(page, offset) is not None:
            return True
        while True:
            end = await self._end_of_part(page, offset, includes_seen=True)
            if offset >= end:
                return False
            await self._load_entries(page, offset, min(end, offset + MIN_BATCH))
            if self._showable_at(page, offset) is not None:
                return True
            offset += 1

    async def _fill_from(self, page: ChainPage, spacing: Spacing, offset: int, *, includes_seen: bool) -> int:
        """Fill from one part of the chain (unseen, or all); returns the offset after the last post examined."""
        deferred_posts: Deferred = DeferredPosts()
        known_up_to, end, batch = offset, offset, MIN_BATCH
        while len(page.chosen) < page.request.limit:
            if offset >= end:
                end = await self._end_of_part(page, offset, includes_seen=includes_seen)
                known_up_to = offset  # the chain may have a tail now
                if (
                    not deferred_posts
                    and (after := self._choose_at_once(page, spacing, deferred_posts, offset, end)) > offset
                ):
                    offset = known_up_to = after
                    continue
            if offset < end:
                if offset >= known_up_to:
                    known_up_to = offset + max(batch, page.request.limit - len(page.posts))
                    batch *= 2  # many posts are needed if most of them are deferred
                    await self._load_entries(page, offset, known_up_to)
                offset = self._choose(page, spacing, deferred_posts, offset, min(end, known_up_to))
            else:  # nothing else remains
                _take_rest(page, spacing, deferred_posts)
                break
        return offset

    def _choose(self, page: ChainPage, spacing: Spacing, deferred_posts: Deferred, offset: int, end: int) -> int:
        """Choose what fits, up to an offset, while the page has room; defer the others. Returns the next offset."""
        limit, posts = page.request.limit, page.posts
        if deferred_posts:
            _take_fitting(page, spacing, deferred_posts)
        entries = page.entries(offset, end)
        post_numbers = codec.post_numbers_of(entries)
        known = self._all_shown(page, post_numbers)
        for index, (number, mark) in enumerate(zip(post_numbers, codec.marks_of(entries), strict=True)):
            if len(posts) >= limit:
                break
            post = known[index] if known else self._checked(page, number, offset)
            if post is not None:
                if spacing.fits(post):
                    _take(page, spacing, (offset, post, mark))
                    if deferred_posts:
                        _take_fitting(page, spacing, deferred_posts)
                else:
                    deferred_posts.append((offset, post, mark))
            offset += 1
        return offset

    def _choose_at_once(
        self, page: ChainPage, spacing: Spacing, deferred_posts: Deferred, offset: int, end: int
    ) -> int:
        """Choose a page's posts together if the catalogue knows all of them; returns the next offset, unchanged if not.

        Usually this fills the whole page, at a third of the cost of examining the posts one by one.
        """
        room = page.request.limit - len(page.chosen)
        entries = page.entries(offset, min(end, offset + room + MORE))
        post_numbers = codec.post_numbers_of(entries)
        known = self._catalogue.get_all(post_numbers)
        if (
            not known
            or page.gone
            or page.request.exclude
            or not page.has_redis
            or not self._reader.withheld.post_numbers.isdisjoint(post_numbers)
        ):
            return offset
        viewer = page.state.viewer
        shown: Sequence[int] = range(len(post_numbers))  # indices within this part
        _, ids, authors, clusters = zip(*known, strict=True)
        if not may_show_all(viewer, post_numbers=post_numbers, authors=authors):
            shown = [
                index
                for index, post in enumerate(known)
                if may_show(viewer, post_number=post.post_number, author=post.author)
            ]
            authors, clusters = tuple(authors[index] for index in shown), tuple(clusters[index] for index in shown)
        order, deferred, looked_at = spacing.choose(authors, clusters, room=room)
        chosen = order if len(shown) == len(post_numbers) else [shown[index] for index in order]
        marks = codec.marks_of(entries)
        page.chosen += [offset + index for index in chosen]
        page.posts.post_numbers += map(post_numbers.__getitem__, chosen)
        page.posts.ids += map(ids.__getitem__, chosen)
        page.posts.marks += map(marks.__getitem__, chosen)
        is_full = len(chosen) == room
        if not is_full:
            deferred_posts.extend(
                (offset + index, known[index], marks[index]) for index in map(shown.__getitem__, deferred)
            )
        page.shows_next = is_full and (bool(deferred) or looked_at < len(shown))
        end = shown[looked_at - 1] + 1 if is_full else len(post_numbers)
        if len(shown) < len(post_numbers):
            page.dropped.update(offset + index for index in set(range(end)).difference(shown))
        return offset + end

    def _all_shown(self, page: ChainPage, post_numbers: Sequence[int]) -> Sequence[CatalogueEntry] | None:
        """The catalogue entries of these posts, if all are known and may be shown."""
        known = self._catalogue.get_all(post_numbers) if post_numbers and page.has_redis else None
        if (
            not known
            or page.gone
            or page.request.exclude
            or not self._reader.withheld.post_numbers.isdisjoint(post_numbers)
            or not may_show_all(page.state.viewer, post_numbers=post_numbers, authors=[post.author for post in known])
        ):
            return None
        return known

    async def _end_of_part(self, page: ChainPage, offset: int, *, includes_seen: bool) -> int:
        """The offset where the unseen part of the chain (or all of it) ends; prepares more of the chain when needed."""
        length, room = page.own_length, page.request.limit - len(page.chosen)
        if page.chain.rest and length - offset <= room:  # the post after the page must be prepared, too
            self._preparer.prepare(page, self._sources.visibility(page))
            length = page.own_length
        if offset < length and page.tail is None:
            return length
        if page.tail is None:
            page.put_tail(await self._sources.tail(page))
        elif page.lacks_tail(offset, room, includes_seen=includes_seen):
            page.prepare_tail(self._sources.visibility(page))
        return page.whole_length if includes_seen else page.unseen_length

    async def _before(self, page: ChainPage) -> Sequence[CatalogueEntry]:
        """The posts that the chain served last."""
        start, end = max(0, page.position - WINDOW), page.position
        post_numbers = page.post_numbers(start, end)
        if (known := self._catalogue.get_all(post_numbers)) is not None:
            return known
        await self._load_entries(page, start, end)
        return [post for post in map(self._catalogue.get, post_numbers) if post is not None]

    def _showable_at(self, page: ChainPage, offset: int) -> CatalogueEntry | None:
        """The post at an offset, if it may be shown; one that must not be is dropped, an unknown one skipped."""
        (number,) = page.post_numbers(offset, offset + 1)
        return self._checked(page, number, offset)

    def _checked(self, page: ChainPage, number: int, offset: int) -> CatalogueEntry | None:
        """The same for a known post number."""
        post = self._catalogue.get(number)
        if post is None:
            return None
        if (
            number in self._reader.withheld.post_numbers
            or number in page.gone
            or post.post_id in page.request.exclude
            or not may_show(page.state.viewer, post_number=number, author=post.author)
        ):
            page.dropped.add(offset)
            return None
        return post

    async def _load_entries(self, page: ChainPage, start: int, end: int) -> None:
        """Load the catalogue entries of the posts between two offsets."""
        post_numbers = page.post_numbers(start, end)
        if page.has_redis:
            if self._catalogue.get_all(post_numbers) is not None:
                return
            post_numbers = page.post_numbers(start, end + LOOK_AHEAD)
            with suppress(StoreUnavailable):
                await self._stores.redis(page.budget, partial(self._reader.ensure_posts, post_numbers))
        unsure = post_numbers  # without Redis, deletions are known to PostgreSQL alone
        if page.has_redis:
            unsure = [number for number in post_numbers if self._catalogue.get(number) is None]
        if unsure and page.has_database:
            try:
                posts = await self._stores.database(page.budget, partial(posts_by_number, self._database, unsure))
            except StoreUnavailable:
                return
            self._catalogue.add(catalogue_entry(post) for post in posts)
            page.gone.update(set(unsure) - {post.post_number for post in posts})


def _take_fitting(page: ChainPage, spacing: Spacing, deferred_posts: Deferred) -> None:
    """Choose the deferred posts that fit now, in order, while the page has room."""
    while len(page.posts) < page.request.limit and (post := deferred_posts.pop_fitting(spacing)) is not None:
        _take(page, spacing, post)


def _take_rest(page: ChainPage, spacing: Spacing, deferred_posts: Deferred) -> None:
    """Choose deferred posts while the page has room: if none fits, the one that breaks the rules least."""
    while deferred_posts and len(page.posts) < page.request.limit:
        post = deferred_posts.pop_fitting(spacing) or deferred_posts.pop_least_bad(spacing)
        if post is not None:
            _take(page, spacing, post)


def _take(page: ChainPage, spacing: Spacing, deferred: DeferredPost[CatalogueEntry]) -> None:
    offset, post, mark = deferred
    spacing.take(post)
    page.chosen.append(offset)
    page.posts.append(post, mark)
