"""Chooses a page's posts out of its chain: what may be shown, each as early as spacing lets it."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from shared.db.newest import posts_of_rows
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

    def __init__(self, parts: FeedResources, sources: "Fallbacks", ahead: "ListPreparer") -> None:
        self._reader, self._database, self._stores = parts.reader, parts.database, parts.stores
        self._catalogue = parts.reader.catalogue
        self._sources, self._ahead = sources, ahead

    async def repeat(self, walk: ChainPage, end: int) -> None:
        """The page that was served from here, or its beginning, less what must not be shown any more."""
        await self._know_posts(walk, walk.position, end)
        while walk.position < end and len(walk.posts) < walk.request.limit:
            card = self._showable(walk, walk.position)
            if card is not None:
                (mark,) = codec.marks_of(walk.entries(walk.position, walk.position + 1))
                walk.posts.append(card, mark)
            walk.position += 1

    async def fill(self, walk: ChainPage) -> None:
        """Choose posts until the page is full or the chain is used up; seen posts only after all unseen ones."""
        spacing = Spacing(await self._before(walk) if walk.position > 0 else ())
        place = await self._fill_up_to(walk, spacing, walk.position, seen_too=False)
        if len(walk.chosen) < walk.request.limit:
            await self._fill_up_to(walk, spacing, place, seen_too=True)

    async def has_more(self, walk: ChainPage) -> bool:
        """Whether anything that may be shown follows the page."""
        place = walk.position
        # Mostly the next post is one; without Redis only PostgreSQL knows.
        if walk.has_redis and place < walk.whole_length and self._showable(walk, place) is not None:
            return True
        while True:
            end = await self._end_of_part(walk, place, seen_too=True)
            if place >= end:
                return False
            await self._know_posts(walk, place, min(end, place + LEAST_STRIDE))
            if self._showable(walk, place) is not None:
                return True
            place += 1

    async def _fill_up_to(self, walk: ChainPage, spacing: Spacing, place: int, *, seen_too: bool) -> int:
        """Fill from one part of the chain (unseen, or seen); gives the place after the last one looked at."""
        waiting, stride = DeferredPosts(), LEAST_STRIDE
        known_up_to, end = place, place
        while len(walk.chosen) < walk.request.limit:
            if place >= end:
                end = await self._end_of_part(walk, place, seen_too=seen_too)
                known_up_to = place  # a tail may have come into being
                if not waiting and (after := self._choose_at_once(walk, spacing, waiting, place, end)) > place:
                    place = known_up_to = after
                    continue
            if place < end:
                if place >= known_up_to:
                    known_up_to = place + max(stride, walk.request.limit - len(walk.posts))
                    stride *= 2  # where most must wait, there are many
                    await self._know_posts(walk, place, known_up_to)
                place = self._choose(walk, spacing, waiting, place, min(end, known_up_to))
            else:  # nothing else remains
                _take_rest(walk, spacing, waiting)
                break
        return place

    def _choose(self, walk: ChainPage, spacing: Spacing, waiting: DeferredPosts, place: int, end: int) -> int:
        """Choose what fits up to a place, while the page has room; what does not fit waits. Gives the next place."""
        limit, posts = walk.request.limit, walk.posts
        if waiting:
            _take_fitting(walk, spacing, waiting)
        entries = walk.entries(place, end)
        rows = codec.rows_of(entries)
        cards = self._all_shown(walk, rows)
        for at, (row, mark) in enumerate(zip(rows, codec.marks_of(entries), strict=True)):
            if len(posts) >= limit:
                break
            card = cards[at] if cards else self._may_be_shown(walk, row, place)
            if card is not None:
                if spacing.fits(card):
                    _take(walk, spacing, (place, card, mark))
                    if waiting:
                        _take_fitting(walk, spacing, waiting)
                else:
                    waiting.append((place, card, mark))
            place += 1
        return place

    def _choose_at_once(self, walk: ChainPage, spacing: Spacing, waiting: DeferredPosts, place: int, end: int) -> int:
        """Choose a page's posts if all that come next are known; gives the next place, or the same one if not.

        Mostly that is the whole page, for a third of what looking at one by one costs.
        """
        room = walk.request.limit - len(walk.chosen)
        entries = walk.entries(place, min(end, place + room + MORE))
        rows = codec.rows_of(entries)
        cards = self._catalogue.all_of(rows)
        if (
            not cards
            or walk.gone
            or walk.request.exclude
            or not walk.has_redis
            or not self._reader.deleted.rows.isdisjoint(rows)
        ):
            return place
        viewer = walk.state.viewer
        shown: Sequence[int] = range(len(rows))  # places within this part
        _, ids, authors, clusters = zip(*cards, strict=True)
        if not may_show_all(viewer, rows=rows, authors=authors):
            shown = [at for at, card in enumerate(cards) if may_show(viewer, row=card.row, author=card.author)]
            authors, clusters = tuple(authors[at] for at in shown), tuple(clusters[at] for at in shown)
        order, left, looked_at = spacing.choose(authors, clusters, room=room)
        chosen = order if len(shown) == len(rows) else [shown[each] for each in order]
        marks = codec.marks_of(entries)
        walk.chosen += [place + at for at in chosen]
        walk.posts.rows += map(rows.__getitem__, chosen)
        walk.posts.ids += map(ids.__getitem__, chosen)
        walk.posts.marks += map(marks.__getitem__, chosen)
        is_full = len(chosen) == room
        if not is_full:
            waiting.extend((place + at, cards[at], marks[at]) for at in map(shown.__getitem__, left))
        walk.shows_next = is_full and (bool(left) or looked_at < len(shown))
        end = shown[looked_at - 1] + 1 if is_full else len(rows)
        if len(shown) < len(rows):
            walk.dropped.update(place + at for at in set(range(end)).difference(shown))
        return place + end

    def _all_shown(self, walk: ChainPage, rows: Sequence[int]) -> Sequence[CatalogueEntry] | None:
        """What these rows are, if all are known and may be shown."""
        cards = self._catalogue.all_of(rows) if rows and walk.has_redis else None
        if (
            not cards
            or walk.gone
            or walk.request.exclude
            or not self._reader.deleted.rows.isdisjoint(rows)
            or not may_show_all(walk.state.viewer, rows=rows, authors=[card.author for card in cards])
        ):
            return None
        return cards

    async def _end_of_part(self, walk: ChainPage, place: int, *, seen_too: bool) -> int:
        """Where the unseen part of the chain (or all of it) ends; adds more of the list, or the tail, when needed."""
        length, room = walk.own_length, walk.request.limit - len(walk.chosen)
        if walk.chain.rest and length - place <= room:  # what follows the page is to be ready, too
            self._ahead.make_ready(walk, self._sources.permitted(walk))
            length = walk.own_length
        if place < length and walk.tail is None:
            return length
        if walk.tail is None:
            walk.put_tail(await self._sources.tail(walk))
        elif walk.lacks_tail(place, room, seen_too=seen_too):
            walk.make_tail_ready(self._sources.permitted(walk))
        return walk.whole_length if seen_too else walk.unseen_length

    async def _before(self, walk: ChainPage) -> Sequence[CatalogueEntry]:
        """What the chain served last."""
        start, end = max(0, walk.position - WINDOW), walk.position
        rows = walk.rows(start, end)
        if (known := self._catalogue.all_of(rows)) is not None:
            return known
        await self._know_posts(walk, start, end)
        return [post for post in map(self._catalogue.get, rows) if post is not None]

    def _showable(self, walk: ChainPage, place: int) -> CatalogueEntry | None:
        """The post at a place, if it may be shown; one that must not be is dropped, an unknown one is left there."""
        (row,) = walk.rows(place, place + 1)
        return self._may_be_shown(walk, row, place)

    def _may_be_shown(self, walk: ChainPage, row: int, place: int) -> CatalogueEntry | None:
        """The same of a row and its place."""
        card = self._catalogue.get(row)
        if card is None:
            return None
        if (
            row in self._reader.deleted.rows
            or row in walk.gone
            or card.post_id in walk.request.exclude
            or not may_show(walk.state.viewer, row=row, author=card.author)
        ):
            walk.dropped.add(place)
            return None
        return card

    async def _know_posts(self, walk: ChainPage, start: int, end: int) -> None:
        """Have the catalogue know the posts at these places."""
        rows = walk.rows(start, end)
        if walk.has_redis:
            if self._catalogue.all_of(rows) is not None:
                return
            rows = walk.rows(start, end + LOOK_AHEAD)
            with suppress(StoreUnavailable):
                await self._stores.redis(walk.patience, partial(self._reader.ensure_posts, rows))
        # Without Redis nobody tells of deletions: then PostgreSQL is asked for all of them.
        unsure = [row for row in rows if self._catalogue.get(row) is None] if walk.has_redis else rows
        if unsure and walk.has_database:
            try:
                posts = await self._stores.database(walk.patience, partial(posts_of_rows, self._database, unsure))
            except StoreUnavailable:
                return
            self._catalogue.add(catalogue_entry(post) for post in posts)
            walk.gone.update(set(unsure) - {post.row for post in posts})


def _take_fitting(walk: ChainPage, spacing: Spacing, waiting: DeferredPosts) -> None:
    """Choose those of the waiting that may come now, the first one first, while the page has room."""
    while len(walk.posts) < walk.request.limit and (found := waiting.pop_fitting(spacing)) is not None:
        _take(walk, spacing, found)


def _take_rest(walk: ChainPage, spacing: Spacing, waiting: DeferredPosts) -> None:
    """Choose of the waiting while the page has room: the least bad one where none fits."""
    while waiting and len(walk.posts) < walk.request.limit:
        found = waiting.pop_fitting(spacing) or waiting.pop_least_bad(spacing)
        if found is not None:
            _take(walk, spacing, found)


def _take(walk: ChainPage, spacing: Spacing, one: DeferredPost) -> None:
    place, card, mark = one
    spacing.take(card)
    walk.chosen.append(place)
    walk.posts.append(card, mark)
