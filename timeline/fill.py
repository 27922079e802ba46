"""Chooses a page's posts out of its chain: what may be shown, each as early as spacing lets it."""

from contextlib import suppress
from functools import partial

from shared.db.newest import posts_of_rows
from shared.eligibility import may_show
from shared.errors import StoreUnavailable
from shared.ranked_lists.records import CatalogueEntry
from shared.spacing import WINDOW, Spacing
from timeline.page import PagePost
from timeline.parts import Parts
from timeline.snapshot import catalogue_entry
from timeline.sources import Sources
from timeline.walk import Walk

LOOK_AHEAD = 16  # posts beyond a page whose catalogue entries are fetched with it


class Filler:
    """Walks chains, with the catalogue at hand."""

    def __init__(self, parts: Parts, sources: Sources) -> None:
        self._reader, self._database, self._stores = parts.reader, parts.database, parts.stores
        self._catalogue = parts.reader.catalogue
        self._sources = sources

    async def repeat(self, walk: Walk, end: int) -> None:
        """The page that was served from here, or its beginning, less what must not be shown any more."""
        await self._know_posts(walk, walk.position, end)
        while walk.position < end and len(walk.posts) < walk.request.limit:
            card = self._showable(walk, walk.position)
            if card is not None:
                walk.posts.append(_post(walk, walk.position, card))
            walk.position += 1

    async def fill(self, walk: Walk) -> None:
        """Choose posts until the page is full or the chain is used up; seen posts only after all unseen ones."""
        await self._know_posts(walk, max(0, walk.position - WINDOW), walk.position + walk.request.limit + LOOK_AHEAD)
        spacing = Spacing(self._before(walk))
        place = await self._fill_up_to(walk, spacing, walk.position, seen_too=False)
        await self._fill_up_to(walk, spacing, place, seen_too=True)

    async def has_more(self, walk: Walk) -> bool:
        """Whether anything that may be shown follows the page."""
        place = walk.position
        while True:
            end = await self._end_of_part(walk, place, seen_too=True)
            if place >= end:
                return False
            await self._know_posts(walk, place, min(end, place + LOOK_AHEAD))
            if self._showable(walk, place) is not None:
                return True
            place += 1

    async def _fill_up_to(self, walk: Walk, spacing: Spacing, place: int, *, seen_too: bool) -> int:
        """Fill from one part of the chain (unseen, or seen); gives the place after the last one looked at."""
        places: list[int] = []  # that wait, and the posts there
        cards: list[CatalogueEntry] = []
        known_up_to, end = place, place
        while len(walk.posts) < walk.request.limit:
            found = spacing.first_fitting(cards)
            while found is None:
                if place >= end:
                    end = await self._end_of_part(walk, place, seen_too=seen_too)
                    known_up_to = place  # a tail may have come into being
                if place >= end:
                    break
                if place >= known_up_to:
                    known_up_to = place + walk.request.limit + LOOK_AHEAD
                    await self._know_posts(walk, place, known_up_to)
                card = self._showable(walk, place)
                if card is not None:
                    places.append(place)
                    cards.append(card)
                    if spacing.fits(card):
                        found = len(cards) - 1
                place += 1
            if found is None:
                found = spacing.least_bad(cards)  # nothing else remains
            if found is None:
                break
            card, chosen = cards.pop(found), places.pop(found)
            spacing.take(card)
            walk.chosen.append(chosen)
            walk.posts.append(_post(walk, chosen, card))
        return place

    async def _end_of_part(self, walk: Walk, place: int, *, seen_too: bool) -> int:
        """Where the unseen part of the chain (or all of it) ends; works out the tail when it is needed."""
        if place >= walk.own_length and walk.tail is None:
            walk.put_tail(await self._sources.tail(walk))
        return walk.whole_length if seen_too else walk.unseen_length

    def _before(self, walk: Walk) -> list[CatalogueEntry]:
        """What the chain served last."""
        rows = walk.rows(max(0, walk.position - WINDOW), walk.position)
        return [post for row in rows if (post := self._catalogue.get(row))]

    def _showable(self, walk: Walk, place: int) -> CatalogueEntry | None:
        """The post at a place, if it may be shown; one that must not be is dropped, an unknown one is left there."""
        card = self._catalogue.get(walk.row(place))
        if card is None:
            return None
        if (
            card.row in self._reader.deleted.rows
            or card.row in walk.gone
            or card.post_id in walk.request.exclude
            or not may_show(walk.state.viewer, row=card.row, author=card.author)
        ):
            walk.dropped.add(place)
            return None
        return card

    async def _know_posts(self, walk: Walk, start: int, end: int) -> None:
        """Have the catalogue know the posts at these places."""
        rows = walk.rows(start, end)
        if walk.has_redis and None in map(self._catalogue.get, rows):
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


def _post(walk: Walk, place: int, card: CatalogueEntry) -> PagePost:
    entry = walk.entry(place)
    assert entry is not None  # a card was found there
    _, reason, score = entry
    return PagePost(row=card.row, post_id=card.post_id, score=round(score, 4), reason=reason)
