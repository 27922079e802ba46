"""Starts the loop of a ranker's process."""

import os
import socket
import threading
from collections.abc import Callable
from contextlib import closing

from shared.db.engine import Database
from shared.live.loop import LiveLoop
from shared.live.ranker import LiveRanker
from shared.live.settings import LiveSettings
from shared.ranked_lists.job_store import JobStore
from shared.ranked_lists.live_queue import LiveQueue
from shared.settings import ListSettings, StoreSettings

CONNECTIONS = 5  # of its own: two for a pass or what is missed, two for a load, one for a view of events


def live_loop(
    stores: StoreSettings, lists: ListSettings, settings: LiveSettings, ranker: LiveRanker
) -> Callable[[threading.Event], None] | None:
    """What a service runs beside its runs; None if live lists are switched off."""
    return (lambda stop: follow(stores, lists, settings, ranker, stop)) if settings.live else None


def follow(
    stores: StoreSettings, lists: ListSettings, settings: LiveSettings, ranker: LiveRanker, stop: threading.Event
) -> None:
    """Keep the lists of a phase up to date until told to stop, over connections of its own."""
    url = stores.redis_url.get_secret_value()
    consumer = f"{socket.gethostname()}:{os.getpid()}"
    with (
        closing(Database(stores, pool_size=CONNECTIONS)) as database,
        closing(JobStore(url, keep_for=lists.keep_for, chain_for=lists.chain_for)) as writer,
        closing(LiveQueue(url, ranker.phase, consumer=consumer, keep_for=lists.keep_for)) as queue,
    ):
        LiveLoop(database=database, writer=writer, queue=queue, ranker=ranker, settings=settings).run(stop)
