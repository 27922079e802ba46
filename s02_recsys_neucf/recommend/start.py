"""Starts the thread that answers requests for recommendations."""

import threading
from collections.abc import Callable
from contextlib import closing

from s02_recsys_neucf.recommend.held import HeldIndex
from s02_recsys_neucf.recommend.loop import RecommendLoop
from s02_recsys_neucf.recommend.texts import TextEncoding, encoder_builder
from shared.content.settings import ContentSettings
from shared.db.engine import Database
from shared.ranked_lists.recommend_queue import RecommendQueue
from shared.settings import StoreSettings

STATEMENT_SECONDS = 1.0  # reads of one request; nobody waits longer
CONNECTIONS = 2

Loop = Callable[[threading.Event], None]


def recommend_loop(stores: StoreSettings, content: ContentSettings, held: HeldIndex) -> Loop:
    """The thread's work, over connections of its own."""

    def answer(stop: threading.Event) -> None:
        with (
            closing(Database(stores, statement_seconds=STATEMENT_SECONDS, pool_size=CONNECTIONS)) as database,
            closing(RecommendQueue(stores.redis_url.get_secret_value())) as queue,
            closing(TextEncoding(encoder_builder(content))) as texts,
        ):
            RecommendLoop(database=database, queue=queue, texts=texts, held=held).run(stop)

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
