"""What candidate sources read, and the interface that each of them has. Pure.

The replay asks them about a step of the past, the scoring job about now; both fill the same records.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from shared.neucf.sources.transitions import Transitions

Int64s = NDArray[np.int64]
Floats = NDArray[np.float64]
Scores = NDArray[np.float32]
Units = NDArray[np.float32]  # (n_posts, width) vectors of length 1; zeros for a post without one

NOTHING = np.float32(-np.inf)  # the score of a candidate about which a source has nothing to say


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownPosts:
    """What is known of a column of posts."""

    model_rows: Int64s  # (n_posts,) 0 = newer than the model
    authors: Int64s  # (n_posts,) a number for each author
    has_photo: NDArray[np.bool_]  # (n_posts,) whether its vector is there
    has_caption: NDArray[np.bool_]  # (n_posts,)
    photos: Units | None = None  # None: the model compares no photos
    captions: Units | None = None

    def __len__(self) -> int:
        return len(self.model_rows)

    def take(self, indices: Int64s) -> Self:
        """Those of the posts at these indices, in that order."""
        return type(self)(
            model_rows=self.model_rows[indices],
            authors=self.authors[indices],
            has_photo=self.has_photo[indices],
            has_caption=self.has_caption[indices],
            photos=None if self.photos is None else self.photos[indices],
            captions=None if self.captions is None else self.captions[indices],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AskedCandidates:
    """The candidates of a step or a run."""

    posts: KnownPosts
    age_days: Floats  # (n_candidates,) 0 or more
    popularity: Floats  # (n_candidates,) the heuristic's term, in [0, 1]
    blended: Floats  # (n_candidates,) the heuristic's score
    is_popular: NDArray[np.bool_]  # (n_candidates,) whether popularity counts more than recency in it
    earlier_popularity: Floats | None = None  # (n_candidates,) the term of a day before; None: nobody asks for it

    def __len__(self) -> int:
        return len(self.posts)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """A block of users, for whom the candidates are to be scored."""

    candidates: AskedCandidates
    liked_posts: KnownPosts  # in which `liked` are indices
    liked: Int64s  # (n_likes,) user by user, in the order in which they were liked
    starts: Int64s  # (n_users,) where each user's likes begin
    logits: Scores  # (n_users, n_candidates) of the model
    transitions: "Transitions | None" = None  # None: none were learned

    @property
    def ends(self) -> Int64s:
        """Where each user's likes end. (n_users,)"""
        return np.append(self.starts[1:], len(self.liked))


class CandidateSource(Protocol):
    """One way to score candidates for users."""

    name: str  # in manifests; never changes its meaning

    def scores(self, asked: Asked) -> Scores | None:
        """The higher, the better; only the order counts. NOTHING where there is nothing to say.

        -> (n_users, n_candidates); None: it has nothing to say at all
        """

    def reasons(self, candidates: AskedCandidates) -> NDArray[np.int64]:
        """Codes of `Reason`, for a post that stands in a list because of this source. -> (n_candidates,)"""
