"""The records of a page: the request and the answer."""

from datetime import datetime

from msgspec import Struct, field

from shared.domain import Mode, Source
from shared.ranked_lists.records import CatalogueEntry


class PageRequest(Struct, kw_only=True, gc=False):
    """What a client asks for."""

    user_id: str
    limit: int
    cursor: str | None = None
    exclude: frozenset[str] = frozenset()
    mode: Mode | None = None  # None: that of the cursor, else `for_you`
    tag: str | None = None  # folded; only posts with this tag; None: that of the cursor, else none
    request_id: str | None = None  # of a first page that the client may ask for again

    @property
    def has_mode(self) -> bool:
        """Whether the page is of another mode than `for_you`."""
        return self.mode is not None and self.mode is not Mode.FOR_YOU


class PagePosts(Struct, gc=False):
    """The posts of a page, in columns, since they are processed all at once."""

    post_numbers: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    marks: list[bytes] = field(default_factory=list)  # packed reason and score, see `codec.marks_of`

    def __len__(self) -> int:
        return len(self.post_numbers)

    def append(self, post: CatalogueEntry, mark: bytes) -> None:
        """Add the next post."""
        self.post_numbers.append(post.post_number)
        self.ids.append(post.post_id)
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
