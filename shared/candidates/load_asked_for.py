"""Reads what users have said of their lists, and compares it with the candidates of a run."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache

import numpy as np

from shared.candidates.alike_posts import load_alike
from shared.candidates.asked_for import AskedFor, Bools, Strengths
from shared.db.bulk import Posts
from shared.db.engine import DatabaseSnapshot
from shared.db.post_facts import facts_of_posts
from shared.db.viewers_say import load_say, load_wishes
from shared.preferences.rules import PostFacts, ViewerRules
from shared.preferences.words import has_word

NOTHING = PostFacts()
MASKS = 256  # that are kept: a tenth of a megabyte each, with 100,000 candidates


def load_asked_for(snapshot: DatabaseSnapshot, posts: Posts, post_numbers: Sequence[int]) -> AskedFor | None:
    """What users have said, over these candidates; None if nobody has said anything, as long as nobody has.

    Captions and tags are read only if somebody has said something of them, vectors only if of posts.
    """
    wishes = load_wishes(snapshot)
    rules = {user_id: say.rules for user_id, say in load_say(snapshot).items() if say.rules}
    if not wishes and not rules:
        return None
    abouts = {wish.about for wished in wishes.values() for wish in wished}
    facts: list[PostFacts] = []
    if rules or abouts & {"tag", "word"}:
        found = dict(facts_of_posts(snapshot, posts.ids))
        facts = [found.get(post_id, NOTHING) for post_id in posts.ids]
    wished_posts = sorted({wish.target for wished in wishes.values() for wish in wished if wish.about == "post"})
    alike = load_alike(snapshot, posts.id_hashes, wished_posts) if wished_posts else {}
    column = np.array(post_numbers, np.uint32)
    order = np.argsort(column)
    return AskedFor(
        sorted_numbers=column[order], indices=order, wishes=wishes, rules=rules,
        strength_of=_strengths(posts, facts, alike), withheld_by=_masks(facts),
    )  # fmt: skip


def _strengths(
    posts: Posts, facts: Sequence[PostFacts], alike: Mapping[str, Strengths]
) -> Callable[[str, str], Strengths]:
    by_author, by_tag = _index(posts.author_ids), dict[str, list[int]]()
    for index, fact in enumerate(facts):
        for tag in fact.tags:
            by_tag.setdefault(tag, []).append(index)
    nothing = _whole(())

    @cache
    def strength_of(about: str, target: str) -> Strengths:
        match about:
            case "author":
                return _whole(by_author.get(target, ()))
            case "tag":
                return _whole(by_tag.get(target, ()))
            case "word":
                return _whole([index for index, fact in enumerate(facts) if has_word(fact.text, target)])
        return alike.get(target, nothing)

    return strength_of


def _masks(facts: Sequence[PostFacts]) -> Callable[[ViewerRules], Bools]:
    @lru_cache(maxsize=MASKS)
    def withheld_by(rules: ViewerRules) -> Bools:
        return np.fromiter((rules.withhold(fact) for fact in facts), np.bool_, len(facts))

    return withheld_by


def _index(values: Sequence[str]) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = {}
    for index, value in enumerate(values):
        found.setdefault(value, []).append(index)
    return found


def _whole(indices: Sequence[int]) -> Strengths:
    return Strengths(np.array(indices, np.int64), np.ones(len(indices)))
