"""The systems that can be measured, by name; to add one, add an entry here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from benchmarks.errors import BenchmarkRefused
from benchmarks.quality.data import QualityData
from benchmarks.quality.in_order import WeightedHistories, decayed_histories, transitions
from benchmarks.quality.neucf_system import train_neucf
from benchmarks.quality.plain_neumf import plain_neumf
from benchmarks.quality.popular_now import PopularNow
from benchmarks.quality.protocols import asks_cold
from benchmarks.quality.sasrec import sasrec
from benchmarks.quality.strangers import PopularForColdUsers
from benchmarks.quality.tuned import TrainedSystem, Tuned
from s02_train_neucf.evaluation.content_knn import ContentKNN
from s02_train_neucf.evaluation.ials import IALS
from s02_train_neucf.evaluation.ranker import Ranker
from s02_train_neucf.evaluation.rankers import EASE, MAX_DENSE_POSTS, ItemKNN, Popularity, Random, SparseItemKNN
from shared.neucf.features import NO_FEATURES, ContentVectors

NEUCF = "neucf"
WITHOUT_CONTENT = "neucf-no-content"
PHOTO_KNN = "photo-knn"
CAPTION_KNN = "caption-knn"
POPULAR_NOW = "popular-7-days"
EASE_L2 = (30.0, 100.0, 300.0, 1000.0, 3000.0)  # half decades around what Steck 2019 found on three data sets
IALS_SETTINGS = ((32, 1.0, 5.0), (64, 5.0, 50.0), (64, 20.0, 100.0), (128, 5.0, 50.0))  # factors, weight of a like, l2
# Weight of a like, relative to the next later one, beside each setting of the plain baseline.
DECAYED_KNN = (0.8, 0.9, 0.95)
DECAYED_EASE = ((300.0, 0.8), (300.0, 0.9), (300.0, 0.95), (100.0, 0.9), (1000.0, 0.9))
DECAYED_IALS = (
    (64, 5.0, 50.0, 0.9), (64, 5.0, 50.0, 0.8), (64, 5.0, 50.0, 0.95), (64, 20.0, 100.0, 0.9), (128, 5.0, 50.0, 0.9),
)  # fmt: skip
TRANSITIONS = ((0.75, 300.0), (0.75, 30.0), (0.75, 100.0), (0.6, 300.0), (0.85, 300.0))  # weight per step, l2


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Something that learns from a data set and ranks."""

    prepare: Callable[[QualityData], Callable[[int], TrainedSystem]]  # chooses settings; then from a seed, trains
    seeded: bool = False  # whether another seed gives other figures
    seeds: int | None = None  # how many seeds it is given at most, where one takes long
    fits: Callable[[QualityData], bool] = lambda _: True  # whether it has anything to say on a data set
    answers_main: bool = True  # whether it is asked the main protocol
    knows_cold: bool = False  # whether it can tell posts apart that nobody touched, and is asked for them


Prepared = Callable[[int], TrainedSystem]


def _with_popularity(data: QualityData, ranker: Ranker) -> Ranker:
    return PopularForColdUsers(ranker, data.train_likes, data.histories.likes)


def _knn(data: QualityData, _: int) -> Ranker:
    weights = ItemKNN(data.train_likes).weights
    return _with_popularity(data, WeightedHistories(data.histories.likes.to_csr(), weights))


def _sparse_knn(data: QualityData, seed: int) -> Ranker:
    weights = SparseItemKNN(data.train_likes, seed=seed).weights
    return _with_popularity(data, WeightedHistories(data.histories.likes.to_csr(), weights))


def _ease(data: QualityData, l2: float, _: int) -> Ranker:
    weights = EASE(data.train_likes, l2=l2).weights
    return _with_popularity(data, WeightedHistories(data.histories.likes.to_csr(), weights))


def _ials(data: QualityData, setting: tuple[int, float, float], seed: int) -> Ranker:
    factors, weight, l2 = setting
    plain = IALS(data.train_likes, factors=factors, weight=weight, l2=l2, seed=seed)
    return _with_popularity(data, plain.answering(data.histories.likes.to_csr()) if data.moments else plain)


def _decayed_knn(data: QualityData, share: float, _: int) -> Ranker:
    weights = ItemKNN(data.train_likes).weights
    return _with_popularity(data, WeightedHistories(decayed_histories(data, share), weights))


def _decayed_ease(data: QualityData, setting: tuple[float, float], _: int) -> Ranker:
    l2, share = setting
    weights = EASE(data.train_likes, l2=l2).weights
    return _with_popularity(data, WeightedHistories(decayed_histories(data, share), weights))


def _decayed_ials(data: QualityData, setting: tuple[int, float, float, float], seed: int) -> Ranker:
    factors, weight, l2, share = setting
    plain = IALS(data.train_likes, factors=factors, weight=weight, l2=l2, seed=seed)
    return _with_popularity(data, plain.answering(decayed_histories(data, share)))


def _transitions(data: QualityData, setting: tuple[float, float], _: int) -> Ranker:
    share, l2 = setting
    return _with_popularity(data, transitions(data, share, l2))


def _without_content(data: QualityData, seed: int) -> Ranker:
    return train_neucf(replace(data, features=NO_FEATURES), seed)


def _has_content_and_times(data: QualityData) -> bool:
    return data.timed and (data.features.image is not None or data.features.caption is not None)


def _untuned(make: Callable[[QualityData, int], Ranker]) -> Callable[[QualityData], Prepared]:
    return lambda data: lambda seed: TrainedSystem(ranker=make(data, seed))


def _content_knn(vectors: Callable[[QualityData], ContentVectors | None]) -> System:
    def make(data: QualityData, _: int) -> Ranker:
        found = vectors(data)
        assert found is not None
        return ContentKNN(data.histories.likes, found)

    return System(prepare=_untuned(make), fits=lambda data: vectors(data) is not None, knows_cold=True)


SYSTEMS: dict[str, System] = {
    "random": System(
        prepare=_untuned(lambda data, seed: Random(data.train_likes, seed=seed)),
        seeded=True,
        fits=asks_cold,
        answers_main=False,
        knows_cold=True,
    ),
    "popularity": System(prepare=_untuned(lambda data, _: Popularity(data.train_likes))),
    POPULAR_NOW: System(
        prepare=_untuned(lambda data, _: PopularNow(data.log, data.posts, data.train_likes, data.asked_at)),
        fits=lambda data: data.clock,
    ),
    "item-knn": System(prepare=_untuned(_knn)),
    "item-knn-sparse": System(
        prepare=_untuned(_sparse_knn), fits=lambda data: len(data.posts.id_hashes) > MAX_DENSE_POSTS
    ),
    "ease": System(prepare=Tuned(make=_ease, settings=EASE_L2, climbs=True)),
    "item-knn-decayed": System(prepare=Tuned(make=_decayed_knn, settings=DECAYED_KNN), fits=lambda data: data.timed),
    "ease-decayed": System(prepare=Tuned(make=_decayed_ease, settings=DECAYED_EASE), fits=lambda data: data.timed),
    "transitions": System(prepare=Tuned(make=_transitions, settings=TRANSITIONS), fits=lambda data: data.timed),
    "ials": System(prepare=Tuned(make=_ials, settings=IALS_SETTINGS), seeded=True),
    "ials-decayed": System(
        prepare=Tuned(make=_decayed_ials, settings=DECAYED_IALS), seeded=True, fits=lambda data: data.timed
    ),
    PHOTO_KNN: _content_knn(lambda data: data.features.image),
    CAPTION_KNN: _content_knn(lambda data: data.features.caption),
    "neumf-paper": System(prepare=plain_neumf, seeded=True, seeds=1, fits=lambda data: not data.moments),
    "sasrec": System(prepare=sasrec, seeded=True, seeds=1, fits=lambda data: data.timed),
    WITHOUT_CONTENT: System(prepare=_untuned(_without_content), seeded=True, fits=_has_content_and_times),
    NEUCF: System(prepare=_untuned(train_neucf), seeded=True, knows_cold=True),
}


def systems_named(names: str | None, data: QualityData, *, workers: int = 1) -> dict[str, System]:
    """Those of a comma-separated list, in the table's order; without a list, all that fit the data.

    NeuCF trains in so many processes (`workers`).

    Raises:
        BenchmarkRefused: a name is unknown, or none of the systems fits the data.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()] if names is not None else list(SYSTEMS)
    unknown = [name for name in wanted if name not in SYSTEMS]
    if unknown or not wanted:
        raise BenchmarkRefused(f"--systems: got {', '.join(unknown) or 'none'}, expected some of {', '.join(SYSTEMS)}")
    found = {name: system for name, system in SYSTEMS.items() if name in wanted and system.fits(data)}
    if workers > 1 and NEUCF in found:
        found[NEUCF] = replace(found[NEUCF], prepare=_untuned(partial(train_neucf, workers=workers)))
    if not found:
        raise BenchmarkRefused(f"--systems: none of {', '.join(wanted)} has anything to say on {data.name}")
    return found
