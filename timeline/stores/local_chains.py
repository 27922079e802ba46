"""The chains that this process served lately, and its users' blocks and hides, for while Redis does not answer."""

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

from shared.eligibility import Viewer
from shared.ranked_lists.records import Chain, Tail
from shared.ranked_lists.timeline_store import CachedViewer

MAX_CHAINS = 5_000  # some 10 MB of frozen lists; 80 MB if all have reached their tails, twice that with older posts
MAX_VIEWERS = 20_000  # some 20 MB
MAX_HIDDEN = 500_000  # authors, posts, tags and words of all viewers, some 40 MB


class LocalChain(NamedTuple):
    """A chain as this process last served it."""

    chain: Chain
    tail: Tail | None
    slot: int  # its newest; a cursor may hold an earlier one


class LocalChains:
    """Chains by user and nonce, and viewers by user; the least recently used are dropped first."""

    def __init__(self) -> None:
        self._chains: OrderedDict[tuple[str, bytes], LocalChain] = OrderedDict()
        self._viewers: OrderedDict[str, CachedViewer] = OrderedDict()
        self._n_hidden = 0  # authors and posts of all viewers
        self._viewers_lock = Lock()  # acts put viewers here from other threads

    def put(self, user_id: str, chain: Chain, tail: Tail | None, slot: int) -> None:
        """Keep a chain as it is now."""
        key = user_id, chain.nonce
        self._chains[key] = LocalChain(chain, tail, slot)
        self._chains.move_to_end(key)
        while len(self._chains) > MAX_CHAINS:
            self._chains.popitem(last=False)

    def get(self, user_id: str, nonce: bytes) -> LocalChain | None:
        """A chain, if this process still has it."""
        return self._chains.get((user_id, nonce))

    def put_viewer(self, user_id: str, viewer: Viewer, content: bytes = b"") -> None:
        """Keep what a user must not be shown, and the bytes in Redis that it was decoded from."""
        with self._viewers_lock:
            cached = self._viewers.get(user_id)
            if cached is not None and cached.viewer is viewer:
                self._viewers.move_to_end(user_id)
                return
            self._drop_viewer(user_id)
            self._viewers[user_id] = CachedViewer(viewer, content)
            self._n_hidden += _hidden_by(viewer)
            while len(self._viewers) > MAX_VIEWERS or self._n_hidden > MAX_HIDDEN:
                self._drop_viewer(next(iter(self._viewers)))

    def viewer(self, user_id: str) -> CachedViewer | None:
        """What a user must not be shown, as last read."""
        return self._viewers.get(user_id)

    def clear(self) -> None:
        """Drop everything: post numbers mean other posts now."""
        self._chains.clear()
        with self._viewers_lock:
            self._viewers.clear()
            self._n_hidden = 0

    def users(self) -> set[str]:
        """The users of all chains and viewers."""
        with self._viewers_lock:
            return {*self._viewers, *(user_id for user_id, _ in self._chains)}

    def forget(self, user_id: str) -> None:
        """Drop a user's chains and viewer."""
        with self._viewers_lock:
            self._drop_viewer(user_id)
        for key in [key for key in self._chains if key[0] == user_id]:
            del self._chains[key]

    def _drop_viewer(self, user_id: str) -> None:
        cached = self._viewers.pop(user_id, None)
        if cached is not None:
            self._n_hidden -= _hidden_by(cached.viewer)


def _hidden_by(viewer: Viewer) -> int:
    return len(viewer.hidden_authors) + len(viewer.hidden_posts) + len(viewer.rules.tags) + len(viewer.rules.words)
