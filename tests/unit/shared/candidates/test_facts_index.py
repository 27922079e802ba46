"""Rules over all candidates at once are what they are post by post, and words of viewers cost no look at each post."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.candidates import facts_index
from shared.candidates.facts_index import FactsIndex
from shared.preferences.rules import PostSays, ViewerRules, facts_of
from shared.preferences.words import folded, has_word

WORDS = st.sampled_from(["cat", "cats", "cat food", "ramen", "ラーメン", "メン", "c++", "🍜", ".", "é"])
TAGS, LANGUAGES = st.sampled_from(["cats", "dogs"]), st.sampled_from(["en", "de", "pt"])
POSTS = st.builds(
    facts_of,
    st.lists(st.one_of(WORDS, st.text(max_size=3)), max_size=5).map(" ".join),
    st.lists(TAGS), st.one_of(st.none(), LANGUAGES), is_sensitive=st.booleans(),
)  # fmt: skip
RULES = st.builds(
    ViewerRules, st.frozensets(TAGS), st.lists(WORDS.map(folded), max_size=3).map(tuple), st.frozensets(LANGUAGES),
    st.booleans(),
)  # fmt: skip


@given(facts=st.lists(POSTS, max_size=12), rules=st.lists(RULES, max_size=3))
def test_what_is_withheld_of_all_is_what_is_withheld_of_each(facts: list[PostSays], rules: list[ViewerRules]) -> None:
    index = FactsIndex(facts)
    for one in rules:
        assert index.withheld_by(one).tolist() == [one.withhold(post) for post in facts]
        for word in one.words:
            assert index.with_word(word).tolist() == [at for at, post in enumerate(facts) if has_word(post.text, word)]
        for tag in one.tags:
            assert index.with_tag(tag).tolist() == [at for at, post in enumerate(facts) if tag in post.tags]


def test_the_words_of_many_viewers_are_compared_only_with_posts_that_may_have_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    captions = [f"word{number} and a word that all have" for number in range(1_000)]
    index = FactsIndex([facts_of(caption, None, None, is_sensitive=False) for caption in captions])
    looks: list[str] = []

    def noting(text: str, word: str) -> bool:
        looks.append(word)
        return has_word(text, word)

    monkeypatch.setattr(facts_index, "has_word", noting)
    for viewer in range(500):
        rules = ViewerRules(words=tuple(f"word{number} and" for number in range(viewer, viewer + 5)))
        assert index.withheld_by(rules).nonzero()[0].tolist() == [*range(viewer, viewer + 5)]
    assert len(looks) == 504, "once for each word, whoever named it"
