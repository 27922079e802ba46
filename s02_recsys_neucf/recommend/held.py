"""What this process answers requests for recommendations from: each run and each load of new posts makes it anew."""

from s02_recsys_neucf.lists import PreparedCandidates, reasons
from s02_recsys_neucf.load import ScoringData
from s02_recsys_neucf.recommend.index import EncoderCards, RecommendIndex, ServedModel
from s02_recsys_neucf.similar.search import PostVectorIndex
from shared.candidates.ranking_input import RankingInput
from shared.content.encode_posts import Encoders
from shared.db.vectors import ContentKind
from shared.neucf.artefact import Artefact
from shared.neucf.examples import SortedPosts, examples_of


class HeldIndex:
    """The present index; another thread reads it."""

    def __init__(self) -> None:
        self.current: RecommendIndex | None = None  # None: nothing was loaded yet

    def put_scored(
        self,
        inputs: RankingInput,
        data: ScoringData,
        prepared: PreparedCandidates,
        artefact: Artefact,
        encoders: Encoders,
        vectors: PostVectorIndex | None,
    ) -> None:
        """Answer from the candidates of a run with a champion.

        Args:
            inputs: the candidates.
            data: theirs, and all posts.
            prepared: the candidates as the champion knows them.
            artefact: the champion.
            encoders: those of the champion.
            vectors: of the candidates, in the space in which they were compared.
        """
        model = ServedModel(
            artefact=artefact,
            vectors=prepared.vectors,
            scorer=prepared.fused,
            reasons=reasons(artefact.posts.model_rows(inputs.posts.id_hashes), data),
        )
        self._put(inputs, data.posts, encoders, vectors, model)

    def put_plain(
        self, inputs: RankingInput, posts: SortedPosts, encoders: Encoders, vectors: PostVectorIndex | None
    ) -> None:
        """Answer from candidates without a champion: by content, and by what is liked together."""
        self._put(inputs, posts, encoders, vectors, None)

    def _put(
        self,
        inputs: RankingInput,
        posts: SortedPosts,
        encoders: Encoders,
        vectors: PostVectorIndex | None,
        champion: ServedModel | None,
    ) -> None:
        if vectors is None or not len(vectors):
            return
        cards: EncoderCards = {ContentKind.IMAGE: encoders.image.card, ContentKind.CAPTION: encoders.caption.card}
        self.current = RecommendIndex.of(
            post_numbers=inputs.post_numbers, likes=examples_of(inputs.events, posts), vectors=vectors, cards=cards,
            champion=champion,
        )  # fmt: skip
