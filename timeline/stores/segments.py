"""Whole lists as sets: which posts they have, where each stands, and which of them a viewer may be shown. Pure.

A list that all users share is put together once for each copy of it; what is asked for it then goes by sets, not by
posts, so that whoever may be shown little of it costs no more than others.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from itertools import compress
from operator import itemgetter

from shared.eligibility import Viewer
from shared.ranked_lists import codec
from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.records import CatalogueEntry

MANY = 12  # withheld authors and posts from which on it is quicker to leave theirs out first than to meet them
SOUGHT = 12  # rows up to which it is quicker to look for each than to note where all stand
_AUTHOR = itemgetter(CatalogueEntry._fields.index("author"))  # a tuple is read quicker by number
_NOBODY: frozenset[int] = frozenset()


class PostsByAuthor:
    """A list's posts by their authors, as far as the catalogue knew them."""

    __slots__ = ("all", "of_author", "unknown")

    def __init__(self, post_numbers: Set[int], catalogue: Catalogue) -> None:
        found: dict[int, list[int]] = {}
        unknown = set(post_numbers)
        for card in filter(None, map(catalogue.get, post_numbers)):
            found.setdefault(card.author, []).append(card.post_number)
            unknown.discard(card.post_number)
        self.of_author: Mapping[int, Sequence[int]] = found
        self.all, self.unknown = frozenset(found), frozenset(unknown)


class IndexedList:
    """Packed entries, and which of them count; what else is asked of them is worked out when somebody asks."""

    __slots__ = ("_authors", "_deleted", "_index", "_without_deleted", "packed", "post_number_set")

    def __init__(self, packed: bytes, post_number_set: frozenset[int]) -> None:
        """
        Args:
            packed: the entries; of a post that comes twice the first one counts.
            row_set: the rows that count.
        """
        self.packed, self.post_number_set = packed, post_number_set
        self._index: dict[int, int] | None = None
        self._authors: PostsByAuthor | None = None
        self._deleted, self._without_deleted = _NOBODY, post_number_set

    @property
    def index(self) -> Mapping[int, int]:
        """Row → where it stands; in the order of the entries."""
        if self._index is None:
            post_numbers = codec.post_numbers_of(self.packed)
            first = dict(
                zip(reversed(post_numbers), range(len(post_numbers) - 1, -1, -1), strict=True)
            )  # the last word is the first
            order = [*filter(self.post_number_set.__contains__, dict.fromkeys(post_numbers))]
            self._index = dict(zip(order, map(first.__getitem__, order), strict=True))
        return self._index

    def offsets(self, post_numbers: Collection[int]) -> Mapping[int, int]:
        """Where these rows stand, which are among its own: looked for where they are few, and nobody asked before."""
        if self._index is not None or len(post_numbers) > SOUGHT:
            return self.index
        listed = codec.post_numbers_of(self.packed) if post_numbers else []
        return {number: listed.index(number) for number in post_numbers}

    def authors(self, catalogue: Catalogue) -> PostsByAuthor:
        """Its posts by author. A row names one post, so they stay right as long as the segment is there."""
        if self._authors is None:
            self._authors = PostsByAuthor(self.post_number_set, catalogue)
        return self._authors

    def without_deleted(self, deleted: frozenset[int]) -> frozenset[int]:
        """Its rows less those that are deleted."""
        if deleted is not self._deleted:
            self._deleted, self._without_deleted = deleted, self.post_number_set - deleted
        return self._without_deleted

    def __len__(self) -> int:
        return len(self.post_number_set)


def merge_lists(lists: Iterable[bytes], *, without: Set[int] = _NOBODY) -> IndexedList:
    """Lists as one, the best list first: of a post in several of them the first entry stays.

    Args:
        lists: packed entries.
        without: rows that are left out.
    """
    packed = b"".join(lists)
    segment = IndexedList(packed, frozenset(codec.post_numbers_of(packed)) - without)
    if len(segment) < codec.length_of(packed):
        segment = IndexedList(codec.pick(packed, segment.index.values()), segment.post_number_set)
    return segment


class VisibilityFilter:
    """What a viewer may be shown of whole lists, so that the rest is left out before anybody walks there.

    It may let pass what must not be shown (an author whom the catalogue did not know): pages look again.
    """

    __slots__ = ("_catalogue", "_deleted", "_viewer", "hides_few")

    def __init__(self, catalogue: Catalogue, deleted: frozenset[int], viewer: Viewer) -> None:
        """
        Args:
            catalogue: says whose a post is.
            deleted: rows that nobody is shown.
            viewer: who looks.
        """
        self._catalogue, self._deleted, self._viewer = catalogue, deleted, viewer
        withholds_many = len(viewer.hidden_authors) + len(viewer.hidden_posts) >= MANY
        self.hides_few = not withholds_many  # withheld authors and posts: a walk passes over theirs

    def candidates_in(self, segment: IndexedList) -> frozenset[int]:
        """Rows of a shared list that may be shown, by its authors; less `few_hidden_in` where few are withheld."""
        viewer, post_numbers = self._viewer, segment.without_deleted(self._deleted)
        if self.hides_few:
            return post_numbers
        authors = segment.authors(self._catalogue)
        hidden = authors.all & viewer.hidden_authors
        if 2 * len(hidden) > len(authors.all):  # of the authors, the few whose posts are looked up
            shown = map(authors.of_author.__getitem__, authors.all - hidden)
            post_numbers = post_numbers.intersection(authors.unknown.union(*shown))
        elif hidden:
            return post_numbers.difference(viewer.hidden_posts, *map(authors.of_author.__getitem__, hidden))
        return post_numbers - viewer.hidden_posts if viewer.hidden_posts else post_numbers

    def few_hidden_in(self, segment: IndexedList) -> Set[int]:
        """Rows of a shared list that must not be shown, where few are withheld: no list is copied for them."""
        if not self.hides_few:
            return _NOBODY
        of_author = segment.authors(self._catalogue).of_author
        return self._viewer.hidden_posts.union(*[of_author.get(author, ()) for author in self._viewer.hidden_authors])

    def candidates_of(self, post_numbers: Sequence[int]) -> frozenset[int]:
        """Those of these rows that may be shown; all of them where few are withheld."""
        return frozenset(post_numbers) if self.hides_few else frozenset(post_numbers) - self.hidden_of(post_numbers)

    def hidden_of(self, post_numbers: Sequence[int]) -> Set[int]:
        """Those of these rows that must not be shown."""
        viewer, hidden = self._viewer, set(filter(self._deleted.__contains__, post_numbers))
        if viewer.hidden_posts:
            hidden.update(filter(viewer.hidden_posts.__contains__, post_numbers))
        cards = self._catalogue.get_all(post_numbers) if post_numbers else ()
        if cards is None:
            cards = [*filter(None, map(self._catalogue.get, post_numbers))]
            post_numbers = [card.post_number for card in cards]
        hidden.update(compress(post_numbers, map(viewer.hidden_authors.__contains__, map(_AUTHOR, cards))))
        return hidden
