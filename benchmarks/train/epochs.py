"""What the program of a system says and hears: it trains an epoch whenever it is told to, and is asked at the end.

Each line is one word in, one record of JSON out. So all systems train by turns in one run.
"""

import json
import resource
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

EPOCH, END = "epoch", "end"
K = 10  # of HR and NDCG


def turns() -> Iterator[None]:
    """One for each epoch that is asked for; ends when the end is."""
    for line in sys.stdin:
        if line.strip() != EPOCH:
            return
        yield


def tell(record: Mapping[str, object]) -> None:
    """Say something to the benchmark."""
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def tell_end(scores: NDArray[np.floating], versions: Mapping[str, str]) -> None:
    """Say how good it was and what it took; scores are (n_asked, 1 + negatives), what was liked comes first."""
    better = (scores[:, 1:] >= scores[:, :1]).sum(axis=1)  # a tie counts against the system
    hit = better < K
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ndcg = np.where(hit, 1.0 / np.log2(2.0 + better), 0.0)
    tell({"hr": float(hit.mean()), "ndcg": float(ndcg.mean()), "peak_mib": peak, "versions": dict(versions)})


def arrays(path: Path) -> dict[str, NDArray[np.int64]]:
    """The world that was written for us."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def asked_posts(world: Mapping[str, NDArray[np.int64]]) -> NDArray[np.int64]:
    """Of each asked like, its post and the negatives. -> (n_asked, 1 + negatives)"""
    return np.column_stack((world["asked"][:, 1], world["negatives"]))
