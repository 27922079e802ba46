"""Starts the thread that answers, and loads what it answers from where no model is promoted."""

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime

from s02_recsys_neucf.recommend.index import EncoderCards, RecommendIndex
from s02_recsys_neucf.recommend.loop import RecommendLoop
from s02_recsys_neucf.recommend.texts import TextEncoding, encoder_builder
from shared.candidates.ranking_input import load_ranking_input
from shared.content.encode_posts import build_encoders
from shared.content.post_features import features_of
from shared.content.settings import ContentSettings
from shared.db.bulk import load_all_posts
from shared.db.engine import Database
from shared.db.vectors import ContentKind, load_vectors
from shared.errors import EncoderUnavailable, WarmlineError
from shared.logs import log_trouble
from shared.neucf.examples import SortedPosts, examples_of
from shared.neucf.features import NO_FEATURES
from shared.ranked_lists.recommend_queue import RecommendQueue
from shared.settings import ListSettings, RetentionSettings, StoreSettings, WindowSettings

STATEMENT_SECONDS = 1.0  # reads of one request; nobody waits longer
CONNECTIONS = 2

Loop = Callable[[threading.Event], None]


class PlainIndex:
    """What requests are answered from as long as no model is promoted: photos, captions and recent likes."""

    def __init__(self, *, content: ContentSettings, lists: ListSettings, window: WindowSettings,
                 retention: RetentionSettings) -> None:  # fmt: skip
        self._content, self._lists, self._window, self._retention = content, lists, window, retention
        self._cards: EncoderCards | None = None
        self.current: RecommendIndex | None = None

    def load(self, database: Database, now: datetime) -> None:
        """Load it anew. What fails is logged: the run beside which it is loaded does not need it."""
        try:
            self.current = self._loaded(database, now)
        except WarmlineError as error:
            log_trouble("recommend.no_index", reason=error)

    def forget(self) -> None:
        """A model is promoted: there is a better one."""
        self.current = None

    def _loaded(self, database: Database, now: datetime) -> RecommendIndex | None:
        inputs = load_ranking_input(
            database, self._window, self._lists, now, kept_since=self._retention.kept_since(now)
        )  # fmt: skip
        if not len(inputs.posts):
            return None
        if self._cards is None:
            self._cards = _cards(self._content)
        with database.read() as snapshot:
            posts = SortedPosts.of(load_all_posts(snapshot, now=now))
            columns = {
                part: load_vectors(snapshot, part, encoder=card.identity, width=card.width)
                for part, card in self._cards.items()
            }
        features = features_of(columns, inputs.posts.id_hashes) if columns else NO_FEATURES
        return RecommendIndex.of(
            post_numbers=inputs.post_numbers, id_hashes=inputs.posts.id_hashes,
            likes=examples_of(inputs.events, posts), features=features, cards=self._cards, champion=None,
        )  # fmt: skip


def recommend_loop(stores: StoreSettings, content: ContentSettings, index: Callable[[], RecommendIndex | None]) -> Loop:
    """The thread's work, over connections of its own."""

    def answer(stop: threading.Event) -> None:
        with (
            closing(Database(stores, statement_seconds=STATEMENT_SECONDS, pool_size=CONNECTIONS)) as database,
            closing(RecommendQueue(stores.redis_url.get_secret_value())) as queue,
            closing(TextEncoding(encoder_builder(content))) as texts,
        ):
            RecommendLoop(database=database, queue=queue, texts=texts, index=index).run(stop)

    return answer


def side_by_side(*loops: Loop | None) -> Loop | None:
    """Several loops as one, each in a thread; None if there are none."""
    wanted = [loop for loop in loops if loop is not None]
    if not wanted:
        return None

    def run(stop: threading.Event) -> None:
        others = [threading.Thread(target=loop, args=(stop,), daemon=True) for loop in wanted[1:]]
        for thread in others:
            thread.start()
        wanted[0](stop)
        for thread in others:
            thread.join()

    return run


def _cards(content: ContentSettings) -> EncoderCards:
    """Of the encoders that the settings name; none if one is not here."""
    try:
        encoders = build_encoders(content)
    except EncoderUnavailable as error:
        log_trouble("recommend.no_encoder", reason=error)
        return {}
    return {ContentKind.IMAGE: encoders.image.card, ContentKind.CAPTION: encoders.caption.card}
