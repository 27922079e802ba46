"""A page as JSON (see `schemas.TimelinePage`), written down piece by piece, quicker than any encoder. Pure."""

import json
from functools import lru_cache
from json.encoder import encode_basestring as quoted

from timeline.page import Page

MEDIA_TYPE = "application/json"
DIGITS = 4  # of a score; its float16 has no more
ENDINGS = 65_536  # kept; as many as there are scores


def page_body(page: Page) -> bytes:
    """The answer's bytes."""
    posts = ",".join([f'{{"id":{quoted(post.post_id)},{_ending(post.score, post.reason)}' for post in page.posts])
    cursor = "null" if page.next_cursor is None else f'"{page.next_cursor}"'
    degraded = f',"degraded":{json.dumps(page.degraded, separators=(",", ":"))}' if page.degraded else ""
    return (
        f'{{"user_id":{quoted(page.user_id)},"source":"{page.source.value}","posts":[{posts}],"next_cursor":{cursor},'
        f'"generated_at":"{page.generated_at.isoformat().removesuffix("+00:00")}Z","feed_id":"{page.feed_id}"{degraded}}}'
    ).encode()


@lru_cache(ENDINGS)
def _ending(score: float, reason: str) -> str:
    return f'"score":{json.dumps(round(score, DIGITS) + 0.0, allow_nan=False)},"reason":{json.dumps(reason)}}}'
