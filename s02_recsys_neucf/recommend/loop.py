"""The thread of a ranker that answers requests for recommendations, from what the last run left in memory."""

import threading
import time
from datetime import timedelta
from functools import partial

from s02_recsys_neucf.recommend.held import HeldIndex
from s02_recsys_neucf.recommend.index import RecommendIndex
from s02_recsys_neucf.recommend.judged import JudgedPosts, stored_features
from s02_recsys_neucf.recommend.rank import Question, recommend
from s02_recsys_neucf.recommend.texts import TextEncoding, TextUnusable
from shared.db.engine import Database
from shared.db.phases import installation_id
from shared.errors import StoreUnavailable, WarmlineError
from shared.logs import log_event, log_trouble
from shared.ranked_lists.codec_columns import entries_of, pack_posts
from shared.ranked_lists.recommend_codec import Recommended, Wanted
from shared.ranked_lists.recommend_queue import RecommendQueue

LISTEN_EVERY = timedelta(seconds=1)
CHECK_EVERY = timedelta(seconds=5)  # which installation this is
WAIT = timedelta(seconds=0.5)  # for a request
LEAST_LEFT = 0.01  # seconds that an answer takes at least
TEXT_SHARE = 0.6  # of the time that is left, for encoding a text
LOG_EVERY = timedelta(seconds=30)


class RecommendLoop:
    """Answers requests while there is something to answer from."""

    def __init__(
        self,
        *,
        database: Database,
        queue: RecommendQueue,
        texts: TextEncoding,
        held: HeldIndex,
    ) -> None:
        """
        Args:
            database: with connections of its own, and short statements.
            queue: of requests.
            texts: encodes those of requests.
            held: what is answered from.
        """
        self._database, self._queue, self._texts, self._held = database, queue, texts, held
        self._installation: str | None = None
        self._checked_at = self._listened_at = self._logged_at = float("-inf")
        self._is_open = False

    def run(self, stop: threading.Event) -> None:
        """Answer until told to stop. What fails is not answered: nobody waits for long."""
        while not stop.is_set():
            try:
                self.turn(stop)
            except Exception as error:  # a request that cannot be answered must not end the thread
                self._is_open = False
                self._log_trouble(error)
                stop.wait(LISTEN_EVERY.total_seconds())

    def turn(self, stop: threading.Event) -> int:
        """Answer the requests that wait now, or wait a little for some; returns how many were answered.

        Raises:
            StoreUnavailable: Redis or PostgreSQL does not answer.
        """
        index = self._held.current
        if index is None or not self._may_listen(index):
            stop.wait(WAIT.total_seconds())
            return 0
        answered, taken = 0, self._queue.take(wait=WAIT)
        begun = time.monotonic()
        for request in taken:
            left = request.seconds_left - (time.monotonic() - begun)
            if left >= LEAST_LEFT and request.wanted.installation in ("", self._installation):
                self._queue.answer(request.wanted.token, self._answered(index, request.wanted, left))
                answered += 1
        return answered

    def _may_listen(self, index: RecommendIndex) -> bool:
        """Whether the requests are for this installation; tells its timelines that they are answered."""
        now = time.monotonic()
        if self._installation is None or now >= self._checked_at + CHECK_EVERY.total_seconds():
            self._installation, self._checked_at = installation_id(self._database), now
        if now >= self._listened_at + LISTEN_EVERY.total_seconds():
            self._listened_at, was_open = now, self._is_open
            self._is_open = self._queue.listen(self._installation)
            if self._is_open and not was_open:
                log_event("recommend.listening", posts=len(index), champion=index.champion is not None)
        return self._is_open

    def _answered(self, index: RecommendIndex, wanted: Wanted, seconds: float) -> Recommended:
        read = partial(stored_features, self._database, index.cards)
        text, is_complete = None, True
        if wanted.text:
            try:
                text = self._texts.unit(wanted.text, index, seconds=seconds * TEXT_SHARE)
            except TextUnusable:
                is_complete = False
        question = Question(
            liked=JudgedPosts.of(index, wanted.liked, read), disliked=JudgedPosts.of(index, wanted.disliked, read),
            text=text,
        )  # fmt: skip
        best = recommend(index, question, wanted.by, count=wanted.count)
        if best is None:
            return Recommended(by=wanted.by, entries=b"", is_complete=is_complete)
        packed = pack_posts(index.post_numbers[best.indices].tolist(), best.reasons)
        return Recommended(by=best.by, entries=entries_of(packed, best.scores).tobytes(), is_complete=is_complete)

    def _log_trouble(self, error: Exception) -> None:
        if time.monotonic() >= self._logged_at + LOG_EVERY.total_seconds():
            self._logged_at = time.monotonic()
            is_ours = isinstance(error, WarmlineError | StoreUnavailable)
            log_trouble("recommend.retry", reason=error if is_ours else type(error).__name__)
