"""A second of trials: how quick PostgreSQL, Redis and this processor are at what the jobs do."""

import statistics
import time

import numpy as np

from shared.db.engine import Database
from shared.db.sizes import seconds_per_row
from shared.ranked_lists.weigh import weigh
from warmline.capacity_model import Speeds, Weights

# So small that BLAS takes one thread, as the jobs do: with two, a product of 512 × 512 took 5 to 240 times as long per
# operation, as the other core was free or not.
SIDE, PRODUCTS = 64, 400
TRIES = 5  # of which the middle one counts


def calibrate(database: Database, redis_url: str, *, list_length: int) -> tuple[Speeds, Weights]:
    """Try all of them; Redis gives its weights as well."""
    found = weigh(redis_url, list_length=list_length)
    speeds = Speeds(row=seconds_per_row(database), list=found.seconds_per_list, flop=_seconds_per_flop())
    weights = Weights(
        list=found.list,
        viewer=found.viewer,
        viewer_post=found.viewer_post,
        catalogue_post=found.catalogue_post,
        chain=found.chain,
    )
    return speeds, weights


def _seconds_per_flop() -> float:
    left, right = np.ones((SIDE, SIDE), np.float32), np.ones((SIDE, SIDE), np.float32)
    tries = []
    for _ in range(TRIES):
        begun = time.perf_counter()
        for _ in range(PRODUCTS):
            left @ right
        tries.append(time.perf_counter() - begun)
    return statistics.median(tries) / (PRODUCTS * 2 * SIDE**3)
