"""A page as JSON (see `schemas.TimelinePage`), joined from cached pieces, which is quicker than an encoder. Pure."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring

from shared.ranked_lists import codec
from shared.text.printable import printable_json
from timeline.feed.records import Page, PagePosts

MEDIA_TYPE = "application/json"
DIGITS = 4  # of a score; its float16 has no more
MAX_PIECES = 65_536  # cached, some 10 MB; as many as there are scores
MAX_TIMES = 64  # cached; most lists are of the last few runs
_BEGIN, _AFTER_ID = '{"id":"', '","score":'


def page_body(page: Page) -> bytes:
    """The answer's bytes."""
    posts, degraded = _posts(page.posts), _degraded(page.degraded)
    cursor = "null" if page.next_cursor is None else f'"{page.next_cursor}"'
    return (
        f'{{"user_id":{_quoted(page.user_id)},"source":"{page.source}","posts":[{posts}],"next_cursor":{cursor},'
        f'"generated_at":"{_time_text(page.generated_at)}","feed_id":"{page.feed_id}"{degraded}}}'
    ).encode()


def surface_body(posts: PagePosts, *, source: str, degraded: Sequence[str]) -> bytes:
    """The bytes of `surface_schemas.SurfacePosts`."""
    return f'{{"posts":[{_posts(posts)}],"source":"{source}"{_degraded(degraded)}}}'.encode()


def _posts(posts: PagePosts) -> str:
    """The posts, column by column: a loop in Python would cost four times as much."""
    if not posts.ids:
        return ""
    pieces = [""] * (2 * len(posts.ids))
    pieces[::2], pieces[1::2] = _escaped(posts.ids), map(_between.__getitem__, posts.marks)
    return f"{_BEGIN}{''.join(pieces)}"[: -len("," + _BEGIN)]


def _degraded(stores: Sequence[str]) -> str:
    return f',"degraded":{json.dumps(stores, separators=(",", ":"))}' if stores else ""


def _escaped(ids: list[str]) -> list[str]:
    """Ids as they are written between quotes; usually none needs escaping, which one check of all of them shows."""
    joined = "".join(ids)
    if joined.isprintable() and '"' not in joined and "\\" not in joined:
        return ids
    return [_quoted(post_id)[1:-1] for post_id in ids]


def _quoted(text: str) -> str:
    """A text in JSON, with the characters escaped that control a terminal."""
    quoted = encode_basestring(text)
    return quoted if quoted.isprintable() else printable_json(quoted)


class _Between(dict[bytes, str]):
    """Cache of the JSON between a post's id and the next one's, by the post's packed reason and score."""

    def __missing__(self, mark: bytes) -> str:
        rounded = json.dumps(round(codec.score_of(mark), DIGITS) + 0.0, allow_nan=False)
        text = f'{_AFTER_ID}{rounded},"reason":{json.dumps(codec.reason_of(mark))}}},{_BEGIN}'
        if len(self) >= MAX_PIECES:
            self.clear()
        self[mark] = text
        return text


_between = _Between()


@lru_cache(MAX_TIMES)
def _time_text(at: datetime) -> str:
    return f"{at.isoformat().removesuffix('+00:00')}Z"
