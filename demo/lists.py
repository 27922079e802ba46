"""Reads what both phases would show one user from the ranked lists, without marking anything as seen."""

from collections.abc import Mapping

from shared.domain import Phase
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.inspect import ListedPost, UserLists, read_user, resolve

# The demo's own pages have served some: left out, the phase that was shown first would lose its best posts.
SHOWN_STANDINGS = ("", "served")


def first_posts(redis_url: str, user_id: str, *, limit: int) -> Mapping[Phase, list[ListedPost]]:
    """The best posts of each phase's list that are not deleted, blocked, hidden or seen (i.e. served)."""
    user = read_user(redis_url, user_id)
    return {phase: _shown(redis_url, user, ranked)[:limit] for phase, ranked in user.lists.items()}


def whole_lists(redis_url: str, user_id: str) -> Mapping[Phase, list[str]]:
    """The ids of each phase's list, best first, including posts that may not be shown."""
    user = read_user(redis_url, user_id)
    lists = {phase: resolve(redis_url, user, ranked, limit=len(ranked)) for phase, ranked in user.lists.items()}
    return {phase: [post.post_id for post in posts if post.post_id is not None] for phase, posts in lists.items()}


def _shown(redis_url: str, user: UserLists, ranked: RankedList) -> list[ListedPost]:
    return [post for post in resolve(redis_url, user, ranked, limit=len(ranked)) if post.standing in SHOWN_STANDINGS]
