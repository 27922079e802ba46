"""The JSON of a page, compared with the standard library's JSON of the same page."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.domain import Reason, Source
from shared.ranked_lists.codec import MAX_POST_NUMBER, marks_of, pack_entry, reason_of, score_of
from shared.text.printable import printable_json
from timeline.feed.records import Page, PagePosts
from timeline.http.page_json import page_body

# Ids hold what `is_usable_id` lets through, quotes, backslashes and joined emoji among it.
IDS = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=128)
ROWS, SCORES = st.integers(0, MAX_POST_NUMBER), st.floats(-60_000, 60_000, width=16)
MARKS = st.builds(lambda *parts: marks_of(pack_entry(*parts))[0], ROWS, st.sampled_from(Reason), SCORES)
POSTS = st.lists(st.tuples(ROWS, IDS, MARKS), max_size=30).map(
    lambda posts: PagePosts(*map(list, zip(*posts, strict=True)))
)
PAGES = st.builds(
    Page, user_id=IDS, source=st.sampled_from(Source), posts=POSTS,
    next_cursor=st.none() | st.from_regex(r"\A[A-Za-z0-9_-]{32}\Z"),
    generated_at=st.datetimes(timezones=st.just(UTC)), feed_id=st.from_regex(r"\A[A-Za-z0-9_-]{38}\Z"),
    degraded=st.sampled_from([(), ("redis",), ("redis", "postgresql")]),
)  # fmt: skip


def _plainly(page: Page) -> dict[str, Any]:
    body: dict[str, Any] = {
        "user_id": page.user_id,
        "source": page.source.value,
        "posts": [
            {"id": post_id, "score": round(score_of(mark), 4) + 0.0, "reason": reason_of(mark)}
            for post_id, mark in zip(page.posts.ids, page.posts.marks, strict=True)
        ],
        "next_cursor": page.next_cursor,
        "generated_at": page.generated_at.isoformat().replace("+00:00", "Z"),
        "feed_id": page.feed_id,
    }
    return body | ({"degraded": list(page.degraded)} if page.degraded else {})


@given(PAGES)
def test_a_page_is_the_json_that_an_encoder_makes_of_it(page: Page) -> None:
    body = page_body(page)
    expected = json.dumps(_plainly(page), ensure_ascii=False, separators=(",", ":"))
    assert body == printable_json(expected).encode()
    assert json.loads(body) == json.loads(expected)
    assert list(json.loads(body)) == list(_plainly(page))


def test_the_time_of_a_list_is_in_utc() -> None:
    page = Page(
        user_id="ann", source=Source.NEWEST, posts=PagePosts(), next_cursor=None,
        generated_at=datetime(2026, 1, 2, tzinfo=UTC), feed_id="feed", degraded=(),
    )  # fmt: skip
    assert json.loads(page_body(page))["generated_at"] == "2026-01-02T00:00:00Z"
