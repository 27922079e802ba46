"""How many fits of a night run side by side: as cores are free and memory allows; one where processes do not pay."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from s02_train_neucf.learning.batches import PARTS
from s02_train_neucf.learning.free_resources import FreeResources, free_resources
from s02_train_neucf.learning.recipe import Recipe

MOST_WORKERS = 16  # a night has about as many units of work
USUAL_FITS, USUAL_EPOCHS = 13, 30  # of a night, in trainings of one model; of such a training, on average
# Of a step, on one core: in any case, and for each score of a post at a moment (3 ms with 300 posts, 8 with 1,700).
STEP_SECONDS, SCORE_SECONDS = 0.003, 30e-9
# Of a night's fits as estimated; early stopping may halve it where data are few. A process needs 3 to 6 seconds of
# its core to import PyTorch and to compile loops.
LEAST_SECONDS = 60.0
# Bytes that a process takes whatever the data: PyTorch, numba and what it has compiled (340 MB measured, not shared),
# and the transitions of the 3,000 most liked posts while they are computed (200 MB).
PROCESS_BYTES = 600e6
# Of the tables in a training: weights, gradients, Adam's two, mean, best, the model that it starts from, and what steps
# leave behind.
TABLE_COPIES = 11
LIKE_BYTES = 120  # of a fit, for each event that it reads
EVENT_BYTES = 100  # of what all processes share, for each event: columns, and the history in two orders
VECTOR_COPIES = 3  # packed for the search, the replay and the final training, each once for all processes
SPARED_SHARE = 0.1  # of the free memory, left to others


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSize:
    """What a night's memory and time depend on."""

    n_users: int
    n_posts: int
    n_events: int
    width: int  # numbers in a user's or post's vector
    vector_bytes: int  # of all photos and captions
    dense_bytes: int = 0  # of the largest baseline; where room is short, one is computed at a time
    recipe: Recipe

    @property
    def seconds(self) -> float:
        """What all fits take on one core, about, with as many likes as events."""
        recipe = self.recipe
        moments = max(1, min(recipe.batch_moments, self.n_events))
        of_epoch = min(recipe.max_steps, max(recipe.steps_per_epoch, self.n_events / (moments * PARTS)))
        of_step = STEP_SECONDS + SCORE_SECONDS * moments * min(self.n_posts, recipe.max_posts)
        return USUAL_FITS * min(recipe.epochs, USUAL_EPOCHS) * of_epoch * of_step

    @property
    def bytes_of_worker(self) -> float:
        """What each process takes for itself."""
        tables = TABLE_COPIES * 4 * self.width * (self.n_users + self.n_posts)
        return PROCESS_BYTES + tables + LIKE_BYTES * self.n_events

    @property
    def bytes_once(self) -> float:
        """What is taken once, however many processes there are."""
        return EVENT_BYTES * self.n_events + VECTOR_COPIES * self.vector_bytes + self.dense_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What may run side by side."""

    count: int  # processes; 1: none but this one
    is_ample: bool = False  # whether two of the largest baselines fit into memory at once


def room_for(asked: int | None, size: TrainingSize, free: Callable[[], FreeResources] = free_resources) -> Room:
    """How many processes train.

    Args:
        asked: the setting; None: as many as cores are free and memory allows.
        size: of the night.
        free: looks at what is free.
    """
    if asked == 1 or (asked is None and size.seconds < LEAST_SECONDS):
        return Room(count=1)
    found = free()
    memory = math.inf if found.memory_bytes is None else (1 - SPARED_SHARE) * found.memory_bytes
    left = memory - size.bytes_once
    fitting = int(min(MOST_WORKERS, left // size.bytes_of_worker)) if left > 0 else 0
    count = max(1, min(found.cores, fitting)) if asked is None else asked
    return Room(count=count, is_ample=left - count * size.bytes_of_worker >= size.dense_bytes)
