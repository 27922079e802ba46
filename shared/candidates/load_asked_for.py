"""Reads what users have said of their lists, and compares it with the candidates of a run."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, lru_cache

import numpy as np

from shared.candidates.alike_posts import AlikePosts
from shared.candidates.asked_for import AskedFor, Bools, Strengths
from shared.candidates.candidate_vectors import CandidateVectors
from shared.candidates.facts_index import FactsIndex
from shared.candidates.hides import Hides
from shared.candidates.near_hidden import NearHidden, Snapshots
from shared.db.bulk import Posts
from shared.db.engine import DatabaseSnapshot
from shared.db.post_facts import facts_of_posts
from shared.db.viewers_say import Wish, load_say, load_wishes
from shared.event_columns import Int64s
from shared.preferences.rules import PostSays, ViewerRules

NO_FACTS = PostSays()
MASKS = 256  # that are kept: a tenth of a megabyte each, with 100,000 candidates
TARGETS = 10_000  # the same of what was asked for: 80 kB each, if it is a post
NOBODY = Strengths(np.zeros(0, np.int64), np.zeros(0))


class SaidOfCandidates:
    """The candidates of a run, compared with what users say of them: only as far as anybody has said something.

    Captions and tags are read when somebody has said something of them, vectors when of posts, and those of candidates
    once for a run and the live passes after it.
    """

    def __init__(self, posts: Posts, post_numbers: Sequence[int]) -> None:
        self._posts, self._post_numbers = posts, post_numbers
        self._facts: FactsIndex | None = None
        self._vectors = CandidateVectors(posts.ids, posts.id_hashes)
        self._alike_posts = AlikePosts(self._vectors)
        self._alike: dict[str, Strengths] = {}
        self._strength_of = lru_cache(TARGETS)(self._find)
        self._withheld_by = lru_cache(MASKS)(self._mask)

    def asked_by(
        self,
        snapshot: DatabaseSnapshot,
        users: Collection[str] | None = None,
        *,
        hides: Mapping[str, Hides],
        snapshots: Snapshots,
    ) -> AskedFor | None:
        """What all users (or these users) have said, and hid; None if that is nothing.

        Args:
            snapshot: of what they said.
            users: whose lists are made; None: all.
            hides: of these users.
            snapshots: gives those in which vectors are read while the lists are made.
        """
        wishes = load_wishes(snapshot, of=users)
        rules = {user_id: say.rules for user_id, say in load_say(snapshot, of=users).items() if say.rules}
        if not wishes and not rules and not hides:
            return None
        self._load(snapshot, [wish for wished in wishes.values() for wish in wished], has_rules=bool(rules))
        numbers, order = self._order
        return AskedFor(
            sorted_numbers=numbers, indices=order, wishes=wishes, rules=rules, strength_of=self._strength_of,
            withheld_by=self._withheld_by, lowering=NearHidden(self._vectors, snapshots, hides) if hides else None,
        )  # fmt: skip

    def _load(self, snapshot: DatabaseSnapshot, wishes: Sequence[Wish], *, has_rules: bool) -> None:
        if self._facts is None and (has_rules or any(wish.about in ("tag", "word") for wish in wishes)):
            found = dict(facts_of_posts(snapshot, self._posts.ids))
            self._facts = FactsIndex([found.get(post_id, NO_FACTS) for post_id in self._posts.ids])
        wished = {wish.target for wish in wishes if wish.about == "post"}
        if len(self._alike.keys() | wished) > TARGETS:
            self._alike.clear()
            self._strength_of.cache_clear()
        if missing := sorted(wished - self._alike.keys()):
            found_alike = self._alike_posts.like(snapshot, missing)
            self._alike |= {post_id: found_alike.get(post_id, NOBODY) for post_id in missing}

    def _find(self, about: str, target: str) -> Strengths:
        match about:
            case "author":
                return _whole(self._by_author.get(target, ()))
            case "tag" if self._facts is not None:
                return _whole(self._facts.with_tag(target))
            case "word" if self._facts is not None:
                return _whole(self._facts.with_word(target))
        return self._alike.get(target, NOBODY)

    def _mask(self, rules: ViewerRules) -> Bools:
        if self._facts is None:
            return np.zeros(len(self._posts.ids), np.bool_)
        return self._facts.withheld_by(rules)

    @cached_property
    def _order(self) -> tuple[np.ndarray, np.ndarray]:
        """Post numbers, ascending, and the index of the candidate of each."""
        column = np.array(self._post_numbers, np.uint32)
        order = np.argsort(column)
        return column[order], order

    @cached_property
    def _by_author(self) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = {}
        for index, author in enumerate(self._posts.author_ids):
            found.setdefault(author, []).append(index)
        return found


def _whole(indices: Sequence[int] | Int64s) -> Strengths:
    return Strengths(np.array(indices, np.int64), np.ones(len(indices)))
