"""Chooses a page's posts out of its chain: what may be shown, each as early as spacing lets it."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from shared.db.newest import posts_by_number
from shared.eligibility import may_show, may_show_all
from shared.errors import StoreUnavailable
from shared.ranked_lists import codec
from shared.ranked_lists.records import CatalogueEntry
from timeline.feed.author_spacing import WINDOW, Spacing
from timeline.feed.chain_page import ChainPage
from timeline.feed.deferred_posts import DeferredPost, DeferredPosts
from timeline.stores.local_copies import catalogue_entry
from timeline.stores.resources import FeedResources

if TYPE_CHECKING:
    from timeline.feed.fallbacks import Fallbacks
    from timeline.feed.prepare_list import ListPreparer

MORE = 4  # posts beyond a page that are looked at with it: the one that follows it, and some for those that wait
LOOK_AHEAD = 16  # posts beyond those that are needed whose catalogue entries are fetched with them
LEAST_STRIDE = 4  # posts that are looked up at once, where fewer are needed: some of them must not be shown


class PostSelector:
    """Walks chains, with the catalogue at hand."""

    def __init__(self, resources: FeedResources, sources: "Fallbacks", preparer: "ListPreparer") -> None:
        self._reader, self._database, self._stores = resources.reader, resources.database, resources.stores
        self._catalogue = resources.reader.catalogue
        self._sources, self._preparer = sources, preparer

    async def repeat(self, page: ChainPage, end: int) -> None:
        """The page that was served from here, or its beginning, less what must not be shown any more."""
        await self._know_posts(page, page.position, end)
        while page.position < end and len(page.posts) < page.request.limit:
            card = self._showable(page, page.position)
            if card is not None:
                (mark,) = codec.marks_of(page.entries(page.position, page.position + 1))
                page.posts.append(card, mark)
            page.position += 1

    async def fill(self, page: ChainPage) -> None:
        """Choose posts until the page is full or the chain is used up; seen posts only after all unseen ones."""
        spacing = Spacing(await self._before(page) if page.position > 0 else ())
        offset = await self._fill_up_to(page, spacing, page.position, seen_too=False)
        if len(page.chosen) < page.request.limit:
            await self._fill_up_to(page, spacing, offset, seen_too=True)

    async def has_more(self, page: ChainPage) -> bool:
        """Whether anything that may be shown follows the page."""
        offset = page.position
        # Mostly the next post is one; without Redis only PostgreSQL knows.
        if page.has_redis and offset < page.whole_length and self._showable(page, offset) is not None:
            return True
        while True:
            end = await self._end_of_part(page, offset, seen_too=True)
            if offset >= end:
                return False
            await self._know_posts(page, offset, min(end, offset + LEAST_STRIDE))
            if self._showable(page, offset) is not None:
                return True
            offset += 1

    async def _fill_up_to(self, page: ChainPage, spacing: Spacing, offset: int, *, seen_too: bool) -> int:
        """Fill from one part of the chain (unseen, or seen); gives the place after the last one looked at."""
        waiting, stride = DeferredPosts(), LEAST_STRIDE
        known_up_to, end = offset, offset
        while len(page.chosen) < page.request.limit:
            if offset >= end:
                end = await self._end_of_part(page, offset, seen_too=seen_too)
                known_up_to = offset  # a tail may have come into being
                if not waiting and (after := self._choose_at_once(page, spacing, waiting, offset, end)) > offset:
                    offset = known_up_to = after
                    continue
            if offset < end:
                if offset >= known_up_to:
                    known_up_to = offset + max(stride, page.request.limit - len(page.posts))
                    stride *= 2  # where most must wait, there are many
                    await self._know_posts(page, offset, known_up_to)
                offset = self._choose(page, spacing, waiting, offset, min(end, known_up_to))
            else:  # nothing else remains
                _take_rest(page, spacing, waiting)
                break
        return offset

    def _choose(self, page: ChainPage, spacing: Spacing, waiting: DeferredPosts, offset: int, end: int) -> int:
        """Choose what fits up to a place, while the page has room; what does not fit waits. Gives the next place."""
        limit, posts = page.request.limit, page.posts
        if waiting:
            _take_fitting(page, spacing, waiting)
        entries = page.entries(offset, end)
        post_numbers = codec.post_numbers_of(entries)
        cards = self._all_shown(page, post_numbers)
        for at, (number, mark) in enumerate(zip(post_numbers, codec.marks_of(entries), strict=True)):
            if len(posts) >= limit:
                break
            card = cards[at] if cards else self._may_be_shown(page, number, offset)
            if card is not None:
                if spacing.fits(card):
                    _take(page, spacing, (offset, card, mark))
                    if waiting:
                        _take_fitting(page, spacing, waiting)
                else:
                    waiting.append((offset, card, mark))
            offset += 1
        return offset

    def _choose_at_once(self, page: ChainPage, spacing: Spacing, waiting: DeferredPosts, offset: int, end: int) -> int:
        """Choose a page's posts if all that come next are known; gives the next place, or the same one if not.

        Mostly that is the whole page, for a third of what looking at one by one costs.
        """
        room = page.request.limit - len(page.chosen)
        entries = page.entries(offset, min(end, offset + room + MORE))
        post_numbers = codec.post_numbers_of(entries)
        cards = self._catalogue.get_all(post_numbers)
        if (
            not cards
            or page.gone
            or page.request.exclude
            or not page.has_redis
            or not self._reader.deleted.post_numbers.isdisjoint(post_numbers)
        ):
            return offset
        viewer = page.state.viewer
        shown: Sequence[int] = range(len(post_numbers))  # places within this part
        _, ids, authors, clusters = zip(*cards, strict=True)
        if not may_show_all(viewer, post_numbers=post_numbers, authors=authors):
            shown = [
                at
                for at, card in enumerate(cards)
                if may_show(viewer, post_number=card.post_number, author=card.author)
            ]
            authors, clusters = tuple(authors[at] for at in shown), tuple(clusters[at] for at in shown)
        order, left, looked_at = spacing.choose(authors, clusters, room=room)
        chosen = order if len(shown) == len(post_numbers) else [shown[each] for each in order]
        marks = codec.marks_of(entries)
        page.chosen += [offset + at for at in chosen]
        page.posts.post_numbers += map(post_numbers.__getitem__, chosen)
        page.posts.ids += map(ids.__getitem__, chosen)
        page.posts.marks += map(marks.__getitem__, chosen)
        is_full = len(chosen) == room
        if not is_full:
            waiting.extend((offset + at, cards[at], marks[at]) for at in map(shown.__getitem__, left))
        page.shows_next = is_full and (bool(left) or looked_at < len(shown))
        end = shown[looked_at - 1] + 1 if is_full else len(post_numbers)
        if len(shown) < len(post_numbers):
            page.dropped.update(offset + at for at in set(range(end)).difference(shown))
        return offset + end

    def _all_shown(self, page: ChainPage, post_numbers: Sequence[int]) -> Sequence[CatalogueEntry] | None:
        """What these rows are, if all are known and may be shown."""
        cards = self._catalogue.get_all(post_numbers) if post_numbers and page.has_redis else None
        if (
            not cards
            or page.gone
            or page.request.exclude
            or not self._reader.deleted.post_numbers.isdisjoint(post_numbers)
            or not may_show_all(page.state.viewer, post_numbers=post_numbers, authors=[card.author for card in cards])
        ):
            return None
        return cards

    async def _end_of_part(self, page: ChainPage, offset: int, *, seen_too: bool) -> int:
        """Where the unseen part of the chain (or all of it) ends; adds more of the list, or the tail, when needed."""
        length, room = page.own_length, page.request.limit - len(page.chosen)
        if page.chain.rest and length - offset <= room:  # what follows the page is to be ready, too
            self._preparer.make_ready(page, self._sources.visibility(page))
            length = page.own_length
        if offset < length and page.tail is None:
            return length
        if page.tail is None:
            page.put_tail(await self._sources.tail(page))
        elif page.lacks_tail(offset, room, seen_too=seen_too):
            page.make_tail_ready(self._sources.visibility(page))
        return page.whole_length if seen_too else page.unseen_length

    async def _before(self, page: ChainPage) -> Sequence[CatalogueEntry]:
        """What the chain served last."""
        start, end = max(0, page.position - WINDOW), page.position
        post_numbers = page.post_numbers(start, end)
        if (known := self._catalogue.get_all(post_numbers)) is not None:
            return known
        await self._know_posts(page, start, end)
        return [post for post in map(self._catalogue.get, post_numbers) if post is not None]

    def _showable(self, page: ChainPage, offset: int) -> CatalogueEntry | None:
        """The post at a place, if it may be shown; one that must not be is dropped, an unknown one is left there."""
        (number,) = page.post_numbers(offset, offset + 1)
        return self._may_be_shown(page, number, offset)

    def _may_be_shown(self, page: ChainPage, number: int, offset: int) -> CatalogueEntry | None:
        """The same of a row and its place."""
        card = self._catalogue.get(number)
        if card is None:
            return None
        if (
            number in self._reader.deleted.post_numbers
            or number in page.gone
            or card.post_id in page.request.exclude
            or not may_show(page.state.viewer, post_number=number, author=card.author)
        ):
            page.dropped.add(offset)
            return None
        return card

    async def _know_posts(self, page: ChainPage, start: int, end: int) -> None:
        """Have the catalogue know the posts at these places."""
        post_numbers = page.post_numbers(start, end)
        if page.has_redis:
            if self._catalogue.get_all(post_numbers) is not None:
                return
            post_numbers = page.post_numbers(start, end + LOOK_AHEAD)
            with suppress(StoreUnavailable):
                await self._stores.redis(page.budget, partial(self._reader.ensure_posts, post_numbers))
        # Without Redis nobody tells of deletions: then PostgreSQL is asked for all of them.
        unsure = (
            [number for number in post_numbers if self._catalogue.get(number) is None]
            if page.has_redis
            else post_numbers
        )
        if unsure and page.has_database:
            try:
                posts = await self._stores.database(page.budget, partial(posts_by_number, self._database, unsure))
            except StoreUnavailable:
                return
            self._catalogue.add(catalogue_entry(post) for post in posts)
            page.gone.update(set(unsure) - {post.post_number for post in posts})


def _take_fitting(page: ChainPage, spacing: Spacing, waiting: DeferredPosts) -> None:
    """Choose those of the waiting that may come now, the first one first, while the page has room."""
    while len(page.posts) < page.request.limit and (found := waiting.pop_fitting(spacing)) is not None:
        _take(page, spacing, found)


def _take_rest(page: ChainPage, spacing: Spacing, waiting: DeferredPosts) -> None:
    """Choose of the waiting while the page has room: the least bad one where none fits."""
    while waiting and len(page.posts) < page.request.limit:
        found = waiting.pop_fitting(spacing) or waiting.pop_least_bad(spacing)
        if found is not None:
            _take(page, spacing, found)


def _take(page: ChainPage, spacing: Spacing, one: DeferredPost) -> None:
    offset, card, mark = one
    spacing.take(card)
    page.chosen.append(offset)
    page.posts.append(card, mark)
