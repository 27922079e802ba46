"""Similar posts in a run: with a champion by its vectors too, and without one by photo and caption alone."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from s02_recsys_neucf.similar.search import PostVectorIndex
from s02_recsys_neucf.similar.similar_posts import FoundNeighbours, SimilarPosts, VectorsOfPosts, vectors_by_kind
from shared.candidates.ranking_input import RankingInput, catalogue_entries, load_ranking_input
from shared.content.encode_posts import Encoders, build_encoders, encode_new
from shared.content.post_features import features_of, load_columns
from shared.db.bulk import load_all_posts
from shared.db.engine import Database
from shared.db.rights import SCORING, refuse_without_rights
from shared.errors import EncoderUnavailable
from shared.logs import log_trouble, stage
from shared.neucf.artefact import Artefact
from shared.neucf.examples import SortedPosts
from shared.neucf.features import PostFeatures
from shared.neucf.score import PostVectors
from shared.operations.safety import claim_redis
from shared.ranked_lists.job_store import JobStore
from shared.run_progress import ReportProgress

if TYPE_CHECKING:
    from s02_recsys_neucf.job import JobSettings

OnCompared = Callable[[RankingInput, SortedPosts, Encoders, PostVectorIndex | None], object]


def neighbours_by_model(
    similar: SimilarPosts,
    artefact: Artefact,
    version: int,
    encoders: Encoders,
    inputs: RankingInput,
    features: PostFeatures,
    vectors: PostVectors,
) -> FoundNeighbours:
    """The similar posts of the candidates, by photo, caption and model.

    Args:
        similar: from the last run of this process.
        artefact: the champion.
        version: of the champion.
        encoders: those of the champion.
        inputs: the candidates.
        features: theirs.
        vectors: theirs, of the champion.
    """
    rows = artefact.posts.model_rows(inputs.posts.id_hashes)
    raw = vectors_by_kind(features, vectors, rows)
    return similar.renew(inputs, VectorsOfPosts(made_by=[*_identities(encoders), version], raw=raw))


def publish_content_neighbours(
    database: Database,
    writer: JobStore,
    settings: "JobSettings",
    similar: SimilarPosts,
    now: datetime,
    report_progress: ReportProgress,
    on_compared: OnCompared | None = None,
) -> Mapping[str, Any]:
    """Encode what is new, and publish similar posts without a champion; returns what belongs into the run's report.

    Encoders that are missing here are no failure: nothing else of such a run needs them. `on_compared`
    gets the candidates, all posts, and what the candidates were compared by.
    """
    try:
        encoders = similar.encoders = similar.encoders or build_encoders(settings.content)
    except EncoderUnavailable as error:
        log_trouble("score.similar_skipped", reason=str(error).partition("\n")[0])
        return {}
    claim_redis(database, writer)
    writer.refuse_earlier_runs()
    refuse_without_rights(database, SCORING)
    encoded = encode_new(database, encoders, settings.content, now, report_progress)
    with stage("score.similar") as facts:
        kept_since = settings.retention.kept_since(now)
        inputs = load_ranking_input(database, settings.window, settings.lists, now, kept_since=kept_since)
        with database.read() as snapshot:
            features = features_of(load_columns(snapshot, encoders), inputs.posts.id_hashes)
        found = similar.renew(inputs, VectorsOfPosts(made_by=_identities(encoders), raw=vectors_by_kind(features)))
        claim_redis(database, writer)  # again, because Redis may have restarted while posts were encoded
        writer.publish_catalogue(catalogue_entries(inputs))
        published = found.publish(writer)
        if on_compared is not None:
            with database.read() as snapshot:
                on_compared(inputs, SortedPosts.of(load_all_posts(snapshot, now=now)), encoders, similar.index)
        facts.update(posts=published.lists, bytes=published.bytes)
    return {"similar": published.lists, **encoded}


def _identities(encoders: Encoders) -> list[object]:
    return [encoders.image.card.identity, encoders.caption.card.identity]
