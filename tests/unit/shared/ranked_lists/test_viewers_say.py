"""What a viewer has said travels in their record, and costs those who said nothing no byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.eligibility import Viewer, stricter
from shared.preferences.rules import PostSays, ViewerRules, facts_of
from shared.preferences.words import MAX_TAGS
from shared.ranked_lists.codec import UnreadableList
from shared.ranked_lists.records import pack_viewer, unpack_viewer

TEXTS = st.text(min_size=1, max_size=8)
RULES = st.builds(
    ViewerRules, st.frozensets(TEXTS), st.lists(TEXTS, unique=True).map(tuple), st.frozensets(TEXTS), st.booleans()
)
VIEWERS = st.builds(
    Viewer, hidden_authors=st.frozensets(st.integers(0, 2**64 - 1)), hidden_posts=st.frozensets(st.integers(1, 2**28)),
    rules=RULES, is_personalised=st.booleans(),
)  # fmt: skip


@given(viewer=VIEWERS)
def test_a_viewer_is_read_as_it_was_written(viewer: Viewer) -> None:
    read = unpack_viewer(pack_viewer(viewer, version=7, own=5), own=5)
    assert (read.rules, read.is_personalised, read.hidden_posts) == (
        viewer.rules, viewer.is_personalised, viewer.hidden_posts
    )  # fmt: skip


def test_who_said_nothing_has_the_bytes_of_before() -> None:
    assert len(pack_viewer(Viewer(hidden_posts=frozenset({3})), version=7, own=5)) == 20 + 4


def test_what_cannot_be_read_does_not_count_as_nothing() -> None:
    said = pack_viewer(Viewer(is_personalised=False), version=7, own=5)
    with pytest.raises(UnreadableList):
        unpack_viewer(said[:-1], own=5)


@given(one=VIEWERS, other=VIEWERS, facts=st.builds(PostSays, TEXTS, st.frozensets(TEXTS), st.just(""), st.booleans()))
def test_the_stricter_of_two_withholds_what_either_does(one: Viewer, other: Viewer, facts: PostSays) -> None:
    both = stricter(one, other)
    assert both.rules.withhold(facts) == (one.rules.withhold(facts) or other.rules.withhold(facts))
    assert both.is_personalised == (one.is_personalised and other.is_personalised)
    assert both.hidden_authors >= one.hidden_authors | other.hidden_authors


@pytest.mark.parametrize(
    ("rules", "is_withheld"),
    [
        (ViewerRules(), False),
        (ViewerRules(tags=frozenset({"cats"})), True),
        (ViewerRules(words=("ramen",)), True),
        (ViewerRules(words=("b",)), False),
        (ViewerRules(languages=frozenset({"en"})), True),
        (ViewerRules(languages=frozenset({"en", "de"})), False),
        (ViewerRules(hides_sensitive=True), True),
    ],
)
def test_each_rule_withholds_what_it_says(rules: ViewerRules, is_withheld: bool) -> None:
    post = facts_of("<b>Ramen</b>, again", ["#Cats", None], "de-AT", is_sensitive=True)
    assert rules.withhold(post) == is_withheld


def test_what_a_post_does_not_say_withholds_nothing() -> None:
    strict = ViewerRules(frozenset({"cats"}), ("ramen",), frozenset({"en"}), True)
    assert not strict.withhold(facts_of(None, None, None, is_sensitive=False))


def test_what_is_no_tag_in_a_view_is_ignored() -> None:
    tags = ["Cats", ["dogs", None], None, 7, "", "#", "x" * 10_000, "\ufdfa" * 64]
    assert facts_of("", tags, None, is_sensitive=False).tags == {"cats"}


def test_of_a_post_with_too_many_tags_the_first_count() -> None:
    facts = facts_of("", map(str, range(100_000)), None, is_sensitive=False)
    assert facts.tags == frozenset(map(str, range(MAX_TAGS)))
