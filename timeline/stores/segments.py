"""Lists with indexes: which posts they have, at which offset, by which author, and what a viewer may be shown. Pure.

The index of a list that all users share is built once for each copy of it. It is then filtered by set operations, not
post by post, so that a viewer with many blocks costs no more than others.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from itertools import compress
from operator import itemgetter

from shared.eligibility import Viewer
from shared.ranked_lists import codec
from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.records import CatalogueEntry

MANY = 12  # from this many hidden authors and posts on, it is quicker to filter whole lists than single posts
FEW = 12  # up to this many posts, it is quicker to search for each than to build the index of the list
_AUTHOR = itemgetter(CatalogueEntry._fields.index("author"))  # faster than an attribute
_NONE: frozenset[int] = frozenset()


class PostsByAuthor:
    """The posts of a list by author, as far as the catalogue knows them."""

    __slots__ = ("known", "of_author", "unknown")

    def __init__(self, post_numbers: Set[int], catalogue: Catalogue) -> None:
        found: dict[int, list[int]] = {}
        unknown = set(post_numbers)
        for post in filter(None, map(catalogue.get, post_numbers)):
            found.setdefault(post.author, []).append(post.post_number)
            unknown.discard(post.post_number)
        self.of_author: Mapping[int, Sequence[int]] = found
        self.known, self.unknown = frozenset(found), frozenset(unknown)


class IndexedList:
    """Packed entries, and which of them count; the indexes are built when they are needed first."""

    __slots__ = ("_authors", "_deleted", "_index", "_without_deleted", "packed", "post_number_set")

    def __init__(self, packed: bytes, post_number_set: frozenset[int]) -> None:
        """
        Args:
            packed: the entries; if a post comes twice, its first entry counts.
            row_set: the rows that count.
        """
        self.packed, self.post_number_set = packed, post_number_set
        self._index: dict[int, int] | None = None
        self._authors: PostsByAuthor | None = None
        self._deleted, self._without_deleted = _NONE, post_number_set

    @property
    def index(self) -> Mapping[int, int]:
        """Post number → offset; in the order of the entries."""
        if self._index is None:
            post_numbers = codec.post_numbers_of(self.packed)
            # The first entry wins.
            first = dict(zip(reversed(post_numbers), range(len(post_numbers) - 1, -1, -1), strict=True))
            order = [*filter(self.post_number_set.__contains__, dict.fromkeys(post_numbers))]
            self._index = dict(zip(order, map(first.__getitem__, order), strict=True))
        return self._index

    def offsets(self, post_numbers: Collection[int]) -> Mapping[int, int]:
        """The offsets of some of its posts: by search if they are few and there is no index yet."""
        if self._index is not None or len(post_numbers) > FEW:
            return self.index
        listed = codec.post_numbers_of(self.packed) if post_numbers else []
        return {number: listed.index(number) for number in post_numbers}

    def authors(self, catalogue: Catalogue) -> PostsByAuthor:
        """Its posts by author; a post number is never reused, so this stays right."""
        if self._authors is None:
            self._authors = PostsByAuthor(self.post_number_set, catalogue)
        return self._authors

    def without_deleted(self, deleted: frozenset[int]) -> frozenset[int]:
        """Its posts without the deleted ones."""
        if deleted is not self._deleted:
            self._deleted, self._without_deleted = deleted, self.post_number_set - deleted
        return self._without_deleted

    def __len__(self) -> int:
        return len(self.post_number_set)


def merge_lists(lists: Iterable[bytes], *, without: Set[int] = _NONE) -> IndexedList:
    """Several lists as one, the best first; if a post is in more than one, its first entry stays.

    Args:
        lists: packed entries.
        without: posts that are left out.
    """
    packed = b"".join(lists)
    indexed = IndexedList(packed, frozenset(codec.post_numbers_of(packed)) - without)
    if len(indexed) < codec.length_of(packed):
        indexed = IndexedList(codec.pick(packed, indexed.index.values()), indexed.post_number_set)
    return indexed


class VisibilityFilter:
    """What a viewer may be shown of whole lists, so that pages need not examine the rest.

    It may let pass posts that must not be shown (the catalogue does not know their author): pages check again.
    """

    __slots__ = ("_catalogue", "_deleted", "_viewer", "hides_few")

    def __init__(self, catalogue: Catalogue, deleted: frozenset[int], viewer: Viewer) -> None:
        """
        Args:
            catalogue: knows the author of a post.
            deleted: posts that nobody is shown.
            viewer: for whom.
        """
        self._catalogue, self._deleted, self._viewer = catalogue, deleted, viewer
        self.hides_few = len(viewer.hidden_authors) + len(viewer.hidden_posts) < MANY  # then pages skip hidden posts

    def candidates_in(self, indexed: IndexedList) -> frozenset[int]:
        """The posts of a shared list that may be shown; if few are hidden, subtract `few_hidden_in` as well."""
        viewer, post_numbers = self._viewer, indexed.without_deleted(self._deleted)
        if self.hides_few:
            return post_numbers
        authors = indexed.authors(self._catalogue)
        hidden = authors.known & viewer.hidden_authors
        if 2 * len(hidden) > len(authors.known):  # look up the posts of the smaller part of the authors
            shown = map(authors.of_author.__getitem__, authors.known - hidden)
            post_numbers = post_numbers.intersection(authors.unknown.union(*shown))
        elif hidden:
            return post_numbers.difference(viewer.hidden_posts, *map(authors.of_author.__getitem__, hidden))
        return post_numbers - viewer.hidden_posts if viewer.hidden_posts else post_numbers

    def few_hidden_in(self, indexed: IndexedList) -> Set[int]:
        """The hidden posts of a shared list, if they are few: then no copy of the list is made without them."""
        if not self.hides_few:
            return _NONE
        of_author = indexed.authors(self._catalogue).of_author
        return self._viewer.hidden_posts.union(*[of_author.get(author, ()) for author in self._viewer.hidden_authors])

    def candidates_of(self, post_numbers: Sequence[int]) -> frozenset[int]:
        """Those of these posts that may be shown; all of them if few are hidden."""
        return frozenset(post_numbers) if self.hides_few else frozenset(post_numbers) - self.hidden_of(post_numbers)

    def hidden_of(self, post_numbers: Sequence[int]) -> Set[int]:
        """Those of these posts that must not be shown."""
        viewer, hidden = self._viewer, set(filter(self._deleted.__contains__, post_numbers))
        if viewer.hidden_posts:
            hidden.update(filter(viewer.hidden_posts.__contains__, post_numbers))
        posts = self._catalogue.get_all(post_numbers) if post_numbers else ()
        if posts is None:
            posts = [*filter(None, map(self._catalogue.get, post_numbers))]
            post_numbers = [post.post_number for post in posts]
        hidden.update(compress(post_numbers, map(viewer.hidden_authors.__contains__, map(_AUTHOR, posts))))
        return hidden
