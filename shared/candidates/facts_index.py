"""What candidates say of themselves, by what they say: so that the words of many viewers need no look at each post."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache

import numpy as np

from shared.candidates.asked_for import Bools
from shared.event_columns import Int64s
from shared.preferences.rules import PostSays, ViewerRules
from shared.preferences.words import has_word, parts_of, searchable_word

WORDS = 20_000  # whose posts are kept; mostly few
NOBODY = array("I")


class FactsIndex:
    """Indices of the candidates (ascending) with a word, a tag, a language; built when first asked for."""

    def __init__(self, facts: Sequence[PostSays]) -> None:
        self._facts = facts
        self.with_word = lru_cache(WORDS)(self._with_word)

    def with_tag(self, tag: str) -> Int64s:
        """Candidates with this tag."""
        return _indices(self._by_tag.get(tag, NOBODY))

    def withheld_by(self, rules: ViewerRules) -> Bools:
        """What `rules.withhold` says of each candidate. -> (n_posts,)"""
        withheld = np.zeros(len(self._facts), np.bool_)
        for tag in rules.tags:
            withheld[self.with_tag(tag)] = True
        for word in rules.words:
            withheld[self.with_word(word)] = True
        if rules.languages:
            for language in self._by_language.keys() - rules.languages:
                withheld[_indices(self._by_language[language])] = True
        if rules.hides_sensitive:
            withheld[self._sensitive] = True
        return withheld

    def _with_word(self, word: str) -> Int64s:
        """Only candidates with the rarest part of a word or phrase are looked at."""
        parts = parts_of(searchable_word(word))
        posts = min((self._by_part.get(part, NOBODY) for part in parts), key=len, default=NOBODY)
        return np.array([index for index in posts if has_word(self._facts[index].text, word)], np.int64)

    @cached_property
    def _by_part(self) -> dict[str, "array[int]"]:
        return _inverted(self._facts, lambda facts: parts_of(facts.text))

    @cached_property
    def _by_tag(self) -> dict[str, "array[int]"]:
        return _inverted(self._facts, lambda facts: facts.tags)

    @cached_property
    def _by_language(self) -> dict[str, "array[int]"]:
        return _inverted(self._facts, lambda facts: [facts.language] if facts.language else ())

    @cached_property
    def _sensitive(self) -> Int64s:
        return np.flatnonzero([facts.is_sensitive for facts in self._facts])


def _inverted(facts: Sequence[PostSays], said_by: Callable[[PostSays], Iterable[str]]) -> dict[str, "array[int]"]:
    """The indices of those that say it, by what they say."""
    found: dict[str, array[int]] = {}
    for index, one in enumerate(facts):
        for said in said_by(one):
            posts = found.get(said)
            if posts is None:
                found[said] = array("I", (index,))
            else:
                posts.append(index)
    return found


def _indices(posts: "array[int]") -> Int64s:
    return np.array(posts, np.int64)
