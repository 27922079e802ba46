"""What final rankers need beside the model, learned from the same training set."""

from collections.abc import Iterable

from s02_train_neucf.data.dataset import TrainingSet
from s02_train_neucf.learning.transitions import transitions_of
from shared.neucf.final_ranker import FinalRanker
from shared.neucf.rank_trees import RankTrees
from shared.neucf.ranker_files import RankerState
from shared.neucf.sources.transitions import LikedNext


def ranker_state_of(data: TrainingSet, rankers: Iterable[FinalRanker], trees: RankTrees | None = None) -> RankerState:
    """What these rankers need; nothing else is computed. `trees` are those of one that was learned, if there is one."""
    wanted = {name for ranker in rankers for name in ranker.fused}
    return RankerState(transitions=transitions_of(data) if LikedNext.name in wanted else None, trees=trees)
