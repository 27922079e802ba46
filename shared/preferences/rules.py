"""What is withheld from a viewer by what posts say: muted tags and words, other languages, sensitive posts. Pure.

What a post does not say withholds nothing: without a language it is in everybody's, and it is sensitive only if it is
called so.
"""

from collections.abc import Iterable
from itertools import islice

from msgspec import Struct

from shared.preferences.words import MAX_TAGS, MAX_WORD, folded, folded_tag, has_word, language_of, searchable
from shared.text.markup import without_markup


class PostSays(Struct, frozen=True, gc=False):
    """What a post says of itself, folded."""

    text: str = ""  # its caption, `searchable`
    tags: frozenset[str] = frozenset()
    language: str = ""  # "": not said
    is_sensitive: bool = False


class ViewerRules(Struct, frozen=True, gc=False):
    """What a viewer wants withheld, folded. Rules that withhold nothing are false."""

    tags: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    languages: frozenset[str] = frozenset()  # those that are shown; empty: all
    hides_sensitive: bool = False

    def __bool__(self) -> bool:
        return bool(self.tags or self.words or self.languages or self.hides_sensitive)

    def withhold(self, facts: PostSays) -> bool:
        """Whether a post that says this is withheld."""
        return (
            (self.hides_sensitive and facts.is_sensitive)
            or bool(self.languages and facts.language and facts.language not in self.languages)
            or not self.tags.isdisjoint(facts.tags)
            or any(has_word(facts.text, word) for word in self.words)
        )


NO_RULES = ViewerRules()


def facts_of(
    caption: str | None, tags: Iterable[object] | None, language: str | None, *, is_sensitive: bool
) -> PostSays:
    """The facts of a post, as its relation has them; what is no tag is ignored."""
    return PostSays(
        text=searchable(folded(without_markup(caption))) if caption else "",
        tags=folded_tags(tags or ()),
        language=language_of(language),
        is_sensitive=is_sensitive,
    )


def folded_tags(tags: Iterable[object]) -> frozenset[str]:
    """The tags of a post, folded; what is no tag is ignored."""
    # A view may have more of them, longer ones, and arrays of several dimensions.
    usable = (tag for tag in islice(tags, MAX_TAGS) if isinstance(tag, str) and len(tag) <= 2 * MAX_WORD)
    return frozenset(tag for tag in map(folded_tag, usable) if 0 < len(tag) <= MAX_WORD)
