"""The records of `warmline inspect`: what both stores hold about one user at one time."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.db.details import PostDetails, UserDetails
from shared.domain import Phase, PhaseState, Source
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.inspect import ListedPost, UserLists
from shared.settings import HeuristicSettings
from warmline.commands.inspect.score_parts import ScoreParts, parts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownList:
    """A list with its first posts."""

    ranked: RankedList
    posts: list[ListedPost]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """All that is known about one user, as of `now`."""

    user_id: str
    user: UserDetails
    state: UserLists
    phase: PhaseState
    lists: Mapping[Source, ShownList]  # everyone's only if the user has none
    published: Collection[Phase]  # the phases whose lists were ever published, as far as Redis knows
    posts: Mapping[str, PostDetails]
    formula: HeuristicSettings
    now: datetime

    @property
    def in_phase(self) -> Phase:
        """The phase that the rollout puts this user in."""
        return self.phase.phase_of(self.user_id)

    @property
    def served_from(self) -> Source | None:
        """The source of the next first page; None: the timeline's own copies, since Redis has no list."""
        if not self.state.viewer.is_personalised:
            return Source.EVERYONE
        order = (Source(self.in_phase), Source.HEURISTIC, Source.EVERYONE)
        return next((source for source in order if source in self.lists), None)

    def parts(self, source: Source, post: ListedPost) -> ScoreParts | None:
        """The parts of a post's heuristic score; None if they are unknown."""
        details = self.posts.get(post.post_id or "")
        born = details.created_at if details is not None else None
        if source not in (Source.HEURISTIC, Source.EVERYONE) or born is None:
            return None
        return parts_of(post.score, self.lists[source].ranked.generated_at - born, self.formula)

    @property
    def withheld(self) -> dict[str, int]:
        """How many authors and posts are withheld from the user, under the names that the operator sees."""
        viewer = self.state.viewer
        return {
            "hidden_authors": max(0, len(viewer.hidden_authors) - 1),  # less the user's own key
            "hidden_posts": len(viewer.hidden_posts),
            "seen_by_events": len(viewer.seen_posts),
            "served": len(set(self.state.seen.post_numbers)),
            "visits": self.state.seen.first_pages,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PostInspection:
    """Whether one post is shown to one user, and why."""

    user: Inspection
    post_id: str
    details: PostDetails | None  # None: not in the relation
    post_number: int | None  # None: it was never a candidate
    standing: str  # as of `ListedPost`
    places: Mapping[Source, ListedPost | None]  # in each of the user's lists; None: not in it
