"""Who may be shown what: own, blocked, hidden, deleted and seen posts. Pure; the only definition.

A *hard* rule holds always. A *seen* post is only put off: it comes back when nothing unseen is left (promise 4).
A post is given by its post number, an author by the author hash.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from shared.domain import CLOCK_TOLERANCE, author_hash
from shared.preferences.rules import NO_RULES, ViewerRules

Pair = tuple[str, str]


class Viewer(Struct, kw_only=True, gc=False):
    """What one user must not be shown (`hidden_authors`, `hidden_posts`) and has already been shown (`seen_posts`)."""

    # Author hashes: the user's own, blocked in either direction, and muted.
    hidden_authors: frozenset[int] = frozenset()
    hidden_posts: frozenset[int] = frozenset()  # post numbers that the user hid
    seen_posts: Collection[int] = frozenset()  # post numbers, oldest first if it is a sequence
    rules: ViewerRules = NO_RULES  # by what posts say; checked where that is known, not by `may_show`
    is_personalised: bool = True  # False: served what everyone is


def may_show(viewer: Viewer, *, post_number: int, author: int) -> bool:
    """Whether no hard rule forbids to show this user this post."""
    return author not in viewer.hidden_authors and post_number not in viewer.hidden_posts


def may_show_all(viewer: Viewer, *, post_numbers: Iterable[int], authors: Iterable[int]) -> bool:
    """Whether `may_show` holds for each of these posts, asked for all at once."""
    return viewer.hidden_authors.isdisjoint(authors) and viewer.hidden_posts.isdisjoint(post_numbers)


def stricter(one: Viewer, other: Viewer) -> Viewer:
    """What two copies of one viewer withhold together, neither of which is known to be newer; seen posts of the first.

    Languages that only one of them names are kept, since the other may be older.
    """
    rules, others = one.rules, other.rules
    both = ViewerRules(
        rules.tags | others.tags,
        tuple(dict.fromkeys((*rules.words, *others.words))),
        rules.languages & others.languages or rules.languages or others.languages,
        rules.hides_sensitive or others.hides_sensitive,
    )
    return replace(
        one,
        hidden_authors=one.hidden_authors | other.hidden_authors,
        hidden_posts=one.hidden_posts | other.hidden_posts,
        rules=both,
        is_personalised=one.is_personalised and other.is_personalised,
    )


def is_published(created_at: datetime, deleted_at: datetime | None, now: datetime) -> bool:
    """Whether a post may be shown to anyone: not deleted, and not dated further ahead than clocks differ.

    The loads of `shared.db` say the same in SQL; the tests hold them against this.
    """
    return deleted_at is None and created_at <= now + CLOCK_TOLERANCE


def hidden_authors(user_id: str, blocks: Iterable[Pair]) -> frozenset[int]:
    """Hashes of the authors that a user never sees: themselves, whom they blocked, and who blocked them.

    Args:
        user_id: the viewer.
        blocks: pairs (who blocked, who is blocked); those that do not name the viewer are ignored.
    """
    others = {
        blocked if blocker == user_id else blocker for blocker, blocked in blocks if user_id in (blocker, blocked)
    }
    return frozenset(author_hash(author) for author in others | {user_id})
