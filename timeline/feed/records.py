"""The records of a page: what is asked for and what is given."""

from datetime import datetime

from msgspec import Struct, field

from shared.domain import Source
from shared.ranked_lists.records import CatalogueEntry


class PageRequest(Struct, kw_only=True, gc=False):
    """What a client asks for."""

    user_id: str
    limit: int
    cursor: str | None = None
    exclude: frozenset[str] = frozenset()


class PagePosts(Struct, gc=False):
    """The posts of a page, in columns: what is done with them is done with all at once."""

    post_numbers: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    marks: list[bytes] = field(default_factory=list)  # reason and score as the list has them, see `codec.marks_of`

    def __len__(self) -> int:
        return len(self.post_numbers)

    def append(self, card: CatalogueEntry, mark: bytes) -> None:
        """This post comes next."""
        self.post_numbers.append(card.post_number)
        self.ids.append(card.post_id)
        self.marks.append(mark)


class Page(Struct, kw_only=True, gc=False):
    """What a client gets."""

    user_id: str
    source: Source
    posts: PagePosts
    next_cursor: str | None
    generated_at: datetime
    feed_id: str
    degraded: tuple[str, ...]
