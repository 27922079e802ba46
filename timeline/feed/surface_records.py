"""The records of answers beside the timeline: onboarding, and whom to follow."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from shared.ranked_lists.suggestions import SuggestedAuthor
from shared.ranked_lists.timeline_store import UserState
from timeline.feed.records import PagePosts
from timeline.stores.budgets import RequestBudget

ReadState = Callable[[str, RequestBudget], Awaitable[UserState]]


class TagExamples(Struct, kw_only=True, gc=False):
    """A tag, and some posts that have it."""

    tag: str
    posts: int  # how many candidates of the run had it
    examples: Sequence[str]  # post ids


class OnboardingAnswer(Struct, kw_only=True, gc=False):
    """What a client gets."""

    posts: PagePosts
    tags: Sequence[TagExamples]
    source: str
    generated_at: datetime
    degraded: tuple[str, ...]


class Suggestion(NamedTuple):
    """One author."""

    author_id: str
    why: SuggestedAuthor


class SuggestionsAnswer(Struct, kw_only=True, gc=False):
    """What a client gets; the source is that of the first author."""

    authors: Sequence[Suggestion]
    source: str
    generated_at: datetime
    degraded: tuple[str, ...]
