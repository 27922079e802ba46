"""The hyper-parameters of a training: one frozen record, which is written into the manifest."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.neucf.config import MEMBERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Hyper-parameters of the training. The defaults are what EXPERIMENTS.md measured best on validation cuts."""

    epochs: int = 100  # at most; early stopping ends sooner
    steps_per_epoch: int = 30  # at least: where there are few users, an epoch takes each several times
    max_steps: int = 2000  # and at most: where there are more users than these take, an epoch takes some of them
    patience: int = 5  # validations without a better figure before stopping
    validate_every: int = 2  # epochs
    batch_users: int = 32  # users in a step, at least
    max_batch_users: int = 256  # and at most: in between, as many as make `steps_per_epoch`
    batch_moments: int = 128  # users, each just before one of their likes, in a step that learns from order
    next_likes: int = 8  # the likes that follow such a moment, at most, are what is asked for
    next_share: float = 0.8  # weight of each of them, relative to the one before
    members: int = MEMBERS
    max_posts: int = 4096  # posts in one softmax, about; a larger catalogue is sampled, with correction
    in_time_order: bool = True  # the earlier likes are shown as history, the later ones asked for; else at random
    learning_rate: float = 0.004  # to begin with; the search divides it where that learns too fast
    averaging: float = 0.995  # share of the running mean of the weights that a step leaves; 0: no mean, the last count
    table_decay: float = 2.0  # decoupled weight decay (AdamW) of ids and content projections
    layer_decay: float = 1.0  # the same of the other layers
    order_decay: float = 1.0  # the same of both, where the model learns from the order of likes
    full_map: bool = False  # whether latest likes are then mapped by a full matrix (`NeuCFConfig.recent_full`)
    # What the search tries of these two: sparse data want much decay and few weights, dense data the opposite.
    order_trials: tuple[tuple[float, bool], ...] = ((1.0, False), (0.1, True))
    warm_share: float = 0.4  # of the epochs, for a model that starts from another one's weights
    warm_least: int = 4  # epochs of such a model, unless all are fewer: new users and posts begin with nothing
    kind_weights: Mapping[str, float] = field(default_factory=dict)  # of a like, comment, save, share; left out: 1
    half_life_days: float | None = None  # age at which a like counts one half; None: age does not matter
    hide_weight: float = 1.0  # as how many posts that were not liked a hidden one counts
    ignored_weight: float = 1.0  # the same of a post that was seen and, within a day, led to nothing
