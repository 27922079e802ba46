"""A page as JSON (see `schemas.TimelinePage`), written down piece by piece, quicker than any encoder. Pure."""

import json
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring

from shared.ranked_lists import codec
from shared.text.printable import printable_json
from timeline.feed.records import Page

MEDIA_TYPE = "application/json"
DIGITS = 4  # of a score; its float16 has no more
MIDDLES = 65_536  # kept, some 10 MB; as many as there are scores
STAMPS = 64  # kept; most lists are of the last few runs
_BEGIN, _AFTER_ID = '{"id":"', '","score":'


def page_body(page: Page) -> bytes:
    """The answer's bytes."""
    posts, ids = "", page.posts.ids
    if ids:  # column by column: a loop in Python would cost four times as much
        pieces = [""] * (2 * len(ids))
        pieces[::2], pieces[1::2] = _escaped(ids), map(_between.__getitem__, page.posts.marks)
        posts = f"{_BEGIN}{''.join(pieces)}"[: -len("," + _BEGIN)]
    cursor = "null" if page.next_cursor is None else f'"{page.next_cursor}"'
    degraded = f',"degraded":{json.dumps(page.degraded, separators=(",", ":"))}' if page.degraded else ""
    return (
        f'{{"user_id":{_quoted(page.user_id)},"source":"{page.source}","posts":[{posts}],"next_cursor":{cursor},'
        f'"generated_at":"{_stamp(page.generated_at)}","feed_id":"{page.feed_id}"{degraded}}}'
    ).encode()


def _escaped(ids: list[str]) -> list[str]:
    """Ids as they stand between quotes; those of most apps need no escape, which one look at all of them tells."""
    together = "".join(ids)
    if together.isprintable() and '"' not in together and "\\" not in together:
        return ids
    return [_quoted(each)[1:-1] for each in ids]


def _quoted(text: str) -> str:
    """A text as it stands in JSON, without what would steer a terminal."""
    quoted = encode_basestring(text)
    return quoted if quoted.isprintable() else printable_json(quoted)


class _Between(dict[bytes, str]):
    """What stands between a post's id and the next one's, by the post's mark."""

    def __missing__(self, mark: bytes) -> str:
        rounded = json.dumps(round(codec.score_of(mark), DIGITS) + 0.0, allow_nan=False)
        text = f'{_AFTER_ID}{rounded},"reason":{json.dumps(codec.reason_of(mark))}}},{_BEGIN}'
        if len(self) >= MIDDLES:
            self.clear()
        self[mark] = text
        return text


_between = _Between()


@lru_cache(STAMPS)
def _stamp(at: datetime) -> str:
    return f"{at.isoformat().removesuffix('+00:00')}Z"
