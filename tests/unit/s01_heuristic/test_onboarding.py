"""The spread that newcomers are shown: good posts that are unlike one another, and tags of several people."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from s01_heuristic.onboarding import (
    LANGUAGES,
    POSTS,
    POSTS_OF_LANGUAGE,
    STABLE_FOR,
    TAGS,
    EligiblePosts,
    is_current,
    onboarding_of,
    spread,
)
from shared.domain import Reason
from shared.preferences.rules import PostSays
from shared.ranked_lists import codec
from shared.ranked_lists.codec_columns import entries_of, pack_posts
from shared.ranked_lists.onboarding import Onboarding

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Row = tuple[int, int, tuple[str, ...], str]  # author, cluster, tags, language


def posts_of(rows: list[Row], scores: list[float] | None = None) -> EligiblePosts:
    """Posts 1, 2, …, best first."""
    numbers = list(range(1, len(rows) + 1))
    values = np.array(scores if scores is not None else np.linspace(1.0, 0.5, len(rows)), np.float64)
    entries = entries_of(pack_posts(numbers, np.full(len(rows), Reason.POPULAR)), values)
    return EligiblePosts(
        entries=entries, post_numbers=np.array(numbers, np.uint32), scores=values,
        authors=np.array([row[0] for row in rows], np.int64), clusters=np.array([row[1] for row in rows], np.int64),
        facts=[PostSays(tags=frozenset(row[2]), language=row[3]) for row in rows],
    )  # fmt: skip


def made(posts: EligiblePosts) -> Onboarding:
    return onboarding_of(posts, generation=1, now=NOW)


def chosen(posts: EligiblePosts, at_most: int) -> list[int]:
    return spread(posts, np.ones(len(posts), np.bool_), at_most=at_most)


def test_the_first_posts_are_by_different_authors_with_different_tags_and_photos() -> None:
    """Three authors with the best posts of all, all of cats; further authors with fewer cats, some the same photo."""
    rows: list[Row] = [(author, 0, ("cats",), "") for author in (1, 2, 3) for _ in range(10)]
    rows += [(author, 9, ("dogs",), "") for author in range(4, 8)]
    rows += [(author, 0, (tag,), "") for author, tag in ((8, "plants"), (9, "food"), (10, "crafts"))]
    posts = posts_of(rows)
    first = chosen(posts, 7)
    assert first[0] == 0
    assert len(set(posts.authors[first])) == 7
    assert sorted(next(iter(posts.facts[index].tags)) for index in first) == sorted(
        ["cats", "cats", "cats", "dogs", "plants", "food", "crafts"]
    )


def test_a_much_better_post_comes_before_variety() -> None:
    posts = posts_of([(1, 0, (), ""), (1, 0, (), ""), (2, 0, (), "")], [1.0, 0.9, 0.05])
    assert chosen(posts, 3) == [0, 1, 2]


ROWS = st.lists(
    st.tuples(
        st.integers(1, 6), st.integers(0, 3),
        st.lists(st.sampled_from(["cats", "dogs", "food"]), max_size=2).map(tuple), st.sampled_from(["", "pt", "en"]),
    ),
    max_size=60,
)  # fmt: skip


@given(ROWS)
def test_every_post_comes_once_and_all_come_if_there_is_room(rows: list[Row]) -> None:
    posts = posts_of(rows, [0.0] * len(rows))
    assert sorted(chosen(posts, len(rows) + 1)) == list(range(len(rows)))
    onboarding = made(posts)
    numbers = codec.post_numbers_of(onboarding.entries)
    assert sorted(numbers) == list(range(1, len(rows) + 1))
    assert [onboarding.in_language("pt")[place] for place in range(len(numbers))] == [
        rows[number - 1][3] in ("", "pt") for number in numbers
    ]


def test_there_are_enough_posts_of_each_frequent_language_and_the_value_is_bounded() -> None:
    rows: list[Row] = [(author, 0, (), "en") for author in range(900)]
    rows += [(1_000 + n, 0, (), f"{chr(97 + n % 20)}a") for n in range(1_000)]
    rows += [(3_000 + n, 0, (f"tag {n % 300:03}", "all"), "") for n in range(900)]
    onboarding = made(posts_of(rows))
    assert len(onboarding.spoken) <= POSTS + LANGUAGES * POSTS_OF_LANGUAGE
    assert len(onboarding.languages) == LANGUAGES
    for language in onboarding.languages:
        assert sum(onboarding.in_language(language)) >= POSTS_OF_LANGUAGE
    assert len(onboarding.tags) == TAGS
    assert onboarding.tags[0].tag == "all"


def test_tags_are_those_of_several_people_and_no_two_are_the_same() -> None:
    rows: list[Row] = [(author, 0, ("cats", "cat"), "") for author in range(5)]
    rows += [(77, 0, ("my-own-brand",), "") for _ in range(20)] + [(author, 0, ("dogs",), "") for author in (1, 2)]
    tags = {tag.tag: tag for tag in made(posts_of(rows)).tags}
    assert list(tags) == ["cat", "dogs"]
    assert (tags["cat"].posts, list(tags["cat"].examples)) == (5, [1, 2, 3, 4, 5])


def test_it_stays_for_a_while_as_long_as_its_posts_do() -> None:
    posts = posts_of([(author, 0, (), "") for author in range(5)])
    onboarding = made(posts)
    assert is_current(onboarding, posts, NOW + STABLE_FOR - timedelta(seconds=1))
    assert not is_current(onboarding, posts, NOW + STABLE_FOR)
    assert not is_current(onboarding, posts, NOW - timedelta(seconds=1))  # the clock was set back
    assert not is_current(onboarding, posts_of([(author, 0, (), "") for author in range(4)]), NOW)
    assert not is_current(None, posts, NOW)
