"""`python -m benchmarks.similar`: the nearest posts of all candidates: seconds, bytes, and what a graph of them misses.

Posts lie near the centres of many topics, some near two; of each kind of vector some posts have none. The graph, which
is used above 200,000 posts, is compared with the exact search at any size. Seconds are those of a processor: other work
on the machine does not count, and with one thread they are what a quiet machine takes.
"""

import argparse
import sys
import time
from collections.abc import Callable, Collection
from typing import TypeVar

import numpy as np

from benchmarks.figures import Bound, Result, Row, at_least, count, parser, refusals, report
from benchmarks.resident import MIB, peak_rss
from s02_recsys_neucf.similar.approximate import ApproximateSearch
from s02_recsys_neucf.similar.nearest_posts import HELD, NearestPosts
from s02_recsys_neucf.similar.published import ComparedPosts, published_neighbours
from s02_recsys_neucf.similar.search import ExactSearch, PostVectorIndex
from s02_recsys_neucf.similar.vector_space import VectorKind, VectorSpace
from shared.neucf.features import ContentVectors
from shared.neucf.threads import use_threads
from shared.ranked_lists.neighbours import HEADER, MOST

QUICK = 3_000
WIDTHS = {VectorKind.PHOTO: 1280, VectorKind.CAPTION: 384, VectorKind.MODEL: 64}
KNOWN = {VectorKind.PHOTO: 0.95, VectorKind.CAPTION: 0.9, VectorKind.MODEL: 0.7}  # share of posts
TOPICS, OF_TWO = 300, 0.3  # topics; share of posts between two of them
NOISE = 2.0  # its length beside that of a topic's centre
SECONDS = "s of a processor"
STEPS = ("runs", "graph")
CHANGED = 100  # posts that come, and as many that leave
SAMPLED, RECALL_AT, LEAST_RECALL = 1_000, 20, 0.98

DoneT = TypeVar("DoneT")


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code: 1 when the graph misses more than it may."""
    given = _parser().parse_args(arguments)
    n_posts = QUICK if given.quick else given.posts
    use_threads(given.threads)
    with refusals("similar"):
        rows, bounds = compare(n_posts, seed=given.seed, steps=given.steps)
    notes = {"seed": str(given.seed), "threads": str(given.threads), "topics": str(TOPICS)}
    return report(Result(title=f"similar posts of {n_posts:,}", rows=rows, bounds=bounds, notes=notes), given.json)


def compare(n_posts: int, *, seed: int, steps: Collection[str]) -> tuple[list[Row], list[Bound]]:
    """The figures of these steps, and what they must be."""
    raw = raw_vectors(n_posts, seed=seed)
    space, fitted = _timed(lambda: VectorSpace.fit(raw))
    vectors, reduced = _timed(lambda: space.vectors(raw))
    index = PostVectorIndex(np.arange(n_posts), space, vectors)
    some = np.random.default_rng(seed).choice(n_posts, min(SAMPLED, n_posts), replace=False)
    exact_search = ExactSearch(index)
    exact_search.nearest(index.take(some[:8]), k=8)  # compiles the loop
    exact, searched = _timed(lambda: exact_search.nearest(index.take(some), k=HELD, without=some))
    n_bytes = sum(units.values.nbytes + units.known.nbytes for units in index.vectors.values())
    rows = [
        Row(system="exact", metric="fit the space", value=round(fitted, 2), unit=SECONDS),
        Row(system="exact", metric="reduce all vectors", value=round(reduced, 2), unit=SECONDS),
        Row(system="exact", metric="search for 1,000 posts", value=round(searched / len(some) * 1000, 3), unit=SECONDS),
        Row(system="exact", metric="vectors held", value=round(n_bytes / n_posts), unit="bytes a post"),
    ]
    bounds = []
    if "runs" in steps:
        rows += _of_runs(index, seed=seed)
    if "graph" in steps:
        graph, built = _timed(lambda: ApproximateSearch(index))
        found, asked = _timed(lambda: graph.nearest(index.take(some), k=RECALL_AT, without=some))
        nearest = zip(exact.indices[:, :RECALL_AT], found.indices, strict=True)
        recall = float(np.mean([np.isin(one, other).mean() for one, other in nearest]))
        rows += [
            Row(system="graph", metric="build", value=round(built, 2), unit=SECONDS),
            Row(system="graph", metric="ask for 1,000 posts", value=round(asked / len(some) * 1000, 3), unit=SECONDS),
            Row(system="graph", metric=f"Recall@{RECALL_AT}", value=round(recall, 4), unit="share"),
        ]
        bounds.append(at_least(f"Recall@{RECALL_AT} of the graph", recall, LEAST_RECALL))
    return rows, bounds


def _of_runs(index: PostVectorIndex, *, seed: int) -> list[Row]:
    """A whole run and the next one: some posts have come, others left."""
    ids = index.id_hashes
    earlier, later = index.taken(ids[:-CHANGED]), index.taken(ids[CHANGED:])
    held, searched = _timed(lambda: NearestPosts.of(earlier, ExactSearch(earlier)))
    _, renewed = _timed(lambda: held.renewed(later))
    posts = _compared(len(earlier), seed=seed)
    values, packed = _timed(lambda: list(published_neighbours(held, posts, np.arange(len(earlier)))))
    return [
        Row(system="a run", metric="search for all", value=round(searched, 2), unit=SECONDS),
        Row(system="a run", metric=f"renew, {CHANGED} came and left", value=round(renewed, 2), unit=SECONDS),
        Row(system="a run", metric="pack for Redis", value=round(packed, 2), unit=SECONDS),
        Row(system="a run", metric="value in Redis", value=round(_mean_size(values)), unit="bytes a post"),
        Row(system="a run", metric="largest resident size", value=round(peak_rss() / MIB), unit="MiB"),
    ]


def raw_vectors(n_posts: int, *, seed: int) -> dict[VectorKind, ContentVectors]:
    """Vectors as encoders give them."""
    random = np.random.default_rng(seed)
    topics, others = random.integers(TOPICS, size=n_posts), random.integers(TOPICS, size=n_posts)
    share = np.where(random.random(n_posts) < OF_TWO, 0.5, 1.0).astype(np.float32)[:, None]
    found = {}
    for kind, width in WIDTHS.items():
        centres = random.standard_normal((TOPICS, width), dtype=np.float32)
        values = np.empty((n_posts, width), np.float16)
        for start in range(0, n_posts, 8192):
            part = slice(start, start + 8192)
            noise = random.standard_normal((len(topics[part]), width), dtype=np.float32)
            near = share[part] * centres[topics[part]] + (1 - share[part]) * centres[others[part]]
            values[part] = near + NOISE * noise
        found[kind] = ContentVectors(values, random.random(n_posts) < KNOWN[kind])
    return found


def _compared(n_posts: int, *, seed: int) -> ComparedPosts:
    random = np.random.default_rng(seed)
    return ComparedPosts(
        ids=[f"00000000-0000-4000-8000-{number:012d}" for number in range(n_posts)],
        post_numbers=list(range(1, n_posts + 1)),
        authors=random.integers(1, max(2, n_posts // 10), n_posts).astype(np.uint64),
        clusters=np.zeros(n_posts, np.int64),
    )


def _mean_size(values: list[tuple[str, bytes]]) -> float:
    assert max(len(value) for _, value in values) <= HEADER.size + 6 * MOST
    return float(np.mean([len(value) for _, value in values]))


def _timed(work: Callable[[], DoneT]) -> tuple[DoneT, float]:
    begun = time.process_time()
    done = work()
    return done, time.process_time() - begun


def _parser() -> argparse.ArgumentParser:
    made = parser("similar", __doc__)
    made.add_argument("--posts", type=count, default=20_000, help="candidates (20,000)")
    made.add_argument(
        "--steps", nargs="*", choices=STEPS, default=STEPS,
        help="beside the search itself: whole runs, and the graph, which takes minutes to build (all)",
    )  # fmt: skip
    made.add_argument("--threads", type=count, default=1, help="threads, as WARMLINE_TORCH_THREADS (1)")
    return made


if __name__ == "__main__":
    sys.exit(main())
