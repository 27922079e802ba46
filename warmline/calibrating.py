"""Some seconds of trials: how quick PostgreSQL, Redis and this processor are at what the jobs do.

A machine that is shared with others may be half as quick again in one second as in the next, and jobs take many: so the
trials are spread over some seconds, and their mean counts.
"""

import statistics
import time
from dataclasses import fields

import numpy as np

from shared.db.engine import Database
from shared.db.sizes import seconds_per_row
from shared.ranked_lists.weigh import weigh
from warmline.capacity_model import Speeds, Weights

# So small that BLAS takes one thread, as the jobs do: with two, a product of 512 × 512 took 5 to 240 times as long per
# operation, as the other core was free or not.
SIDE, PRODUCTS = 64, 2_000
TRIALS, PAUSE_SECONDS = 10, 0.5


def calibrate(database: Database, redis_url: str, *, list_length: int) -> tuple[Speeds, Weights]:
    """Try all of them; Redis gives its weights as well."""
    trials = list[Speeds]()
    for _ in range(TRIALS):
        found = weigh(redis_url, list_length=list_length)
        trials.append(Speeds(row=seconds_per_row(database), list=found.seconds_per_list, flop=_seconds_per_flop()))
        time.sleep(PAUSE_SECONDS)
    speeds = Speeds(
        **{each.name: statistics.fmean(getattr(trial, each.name) for trial in trials) for each in fields(Speeds)}
    )
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
    begun = time.perf_counter()
    for _ in range(PRODUCTS):
        left @ right
    return (time.perf_counter() - begun) / (PRODUCTS * 2 * SIDE**3)
