"""What is withheld from a viewer by what posts say: muted tags and words, other languages, sensitive posts. Pure.

What a post does not say withholds nothing: without a language it is in everybody's, and it is sensitive only if it is
called so.
"""

from collections.abc import Iterable

from msgspec import Struct

from shared.preferences.words import folded, folded_tag, has_word, language_of
from shared.text.markup import without_markup


class PostSays(Struct, frozen=True, gc=False):
    """What a post says of itself, folded."""

    text: str = ""  # its caption
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
    caption: str | None, tags: Iterable[str | None] | None, language: str | None, *, is_sensitive: bool
) -> PostSays:
    """The facts of a post, as its relation has them."""
    return PostSays(
        folded(without_markup(caption or "")), frozenset(filter(None, (folded_tag(tag) for tag in tags or () if tag))),
        language_of(language), is_sensitive,
    )  # fmt: skip
