"""The figures that NeuCF must reach on a named data set, and whether it did."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.quality.measure import Measured, mean_over_seeds
from benchmarks.quality.protocols import ALL_ITEMS, COLD_ITEMS, GLOBAL_TIME, LAST_OUT, SAMPLED
from benchmarks.quality.rows import differences
from benchmarks.quality.systems import CAPTION_KNN, NEUCF, PHOTO_KNN, POPULAR_NOW, WITHOUT_CONTENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Must:
    """A figure of NeuCF, or its lead over another system, and the least that it may be."""

    protocol: str
    metric: str
    at_least: float
    over: str | None = None  # the other system of a lead
    surely: bool = False  # whether the lower end of the lead's interval counts, not its mean
    aim: float | None = None

    def __str__(self) -> str:
        if self.over is None:
            return f"{self.metric} at least {self.at_least:g}"
        return f"{self.metric} less {self.over}'s{', lower bound,' if self.surely else ''} at least {self.at_least:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A must and what was got."""

    must: Must
    got: float

    @property
    def holds(self) -> bool:
        """Whether it is reached."""
        return self.got >= self.must.at_least


JUST_ABOVE = 1e-9  # the least that is more than 0

MUSTS: Mapping[str, Sequence[Must]] = {
    "ml1m": (
        Must(protocol=SAMPLED, metric="hr@10", at_least=0.72, aim=0.735),
        Must(protocol=SAMPLED, metric="ndcg@10", at_least=0.4485, aim=0.457),
        Must(protocol=SAMPLED, metric="hr@10", over="ease", surely=True, at_least=-0.005),
        Must(protocol=SAMPLED, metric="ndcg@10", over="ease", surely=True, at_least=-0.005),
    ),
    "ml1m-order": (
        Must(protocol=LAST_OUT, metric="hr@10", at_least=0.290, aim=0.325),
        Must(protocol=LAST_OUT, metric="ndcg@10", at_least=0.168, aim=0.190),
        Must(protocol=LAST_OUT, metric="hr@10", over="transitions", surely=True, at_least=JUST_ABOVE),
        Must(protocol=LAST_OUT, metric="ndcg@10", over="transitions", surely=True, at_least=JUST_ABOVE),
    ),
    "ml1m-mm": tuple(
        Must(protocol=LAST_OUT, metric=metric, over=WITHOUT_CONTENT, surely=True, at_least=-0.003)
        for metric in ("hr@10", "ndcg@10")
    ),
    "ml1m-mm, rare films": tuple(
        Must(protocol=COLD_ITEMS, metric="recall@20", over=over, at_least=0.0) for over in (PHOTO_KNN, CAPTION_KNN)
    ),
    "ml1m-time": tuple(
        Must(protocol=GLOBAL_TIME, metric=metric, over=POPULAR_NOW, surely=True, at_least=JUST_ABOVE)
        for metric in ("hr@10", "ndcg@10")
    ),
    "beauty": (
        Must(protocol=LAST_OUT, metric="hr@10", at_least=0.066, aim=0.080),
        Must(protocol=LAST_OUT, metric="ndcg@10", at_least=0.039, aim=0.048),
    ),
    "toys": (
        Must(protocol=LAST_OUT, metric="hr@10", at_least=0.072, aim=0.088),
        Must(protocol=LAST_OUT, metric="ndcg@10", at_least=0.0435, aim=0.053),
    ),
    "tiktok": (
        Must(protocol=ALL_ITEMS, metric="recall@20", over="popularity", at_least=JUST_ABOVE),
        Must(protocol=ALL_ITEMS, metric="ndcg@20", over="popularity", at_least=JUST_ABOVE),
        Must(protocol=ALL_ITEMS, metric="recall@20", at_least=0.0986),
        Must(protocol=ALL_ITEMS, metric="ndcg@20", at_least=0.0407),
        Must(protocol=COLD_ITEMS, metric="recall@20", over=PHOTO_KNN, at_least=0.0),
        Must(protocol=COLD_ITEMS, metric="recall@20", at_least=0.178, aim=0.22),
    ),
    "ml100k, per user": tuple(
        Must(protocol=ALL_ITEMS, metric=metric, over=over, surely=True, at_least=JUST_ABOVE)
        for over in ("popularity", "item-knn")
        for metric in ("hr@10", "ndcg@10")
    ),
    "ml100k, global time": tuple(
        Must(protocol=GLOBAL_TIME, metric=metric, over=POPULAR_NOW, at_least=0.0) for metric in ("hr@10", "ndcg@10")
    ),
}


def checked(measured: Measured) -> Iterator[Checked]:
    """Every must of the data set whose systems were measured, on the mean of the seeds."""
    for must in MUSTS.get(measured.data.name, ()):
        ours = measured.of(must.protocol).get(NEUCF)
        if ours is None:
            continue
        if must.over is None:
            yield Checked(must=must, got=float(mean_over_seeds(ours)[must.metric].mean()))
        elif must.over in measured.of(must.protocol):
            lead = differences(measured, must.protocol)[must.over][must.metric]
            yield Checked(must=must, got=lead.low if must.surely else lead.mean)
