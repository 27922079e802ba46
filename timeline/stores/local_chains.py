"""What this process served lately and knows of its users: it goes on from here while Redis cannot tell."""

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

from shared.eligibility import Viewer
from shared.ranked_lists.records import Chain, Tail
from shared.ranked_lists.timeline_store import CachedViewer

MAX_CHAINS = (
    5_000  # some 10 MB of frozen lists; 80 MB if every one of them has run into its tail, twice that in its older posts
)
MAX_VIEWERS = 20_000  # some 20 MB
MAX_WITHHELD = 500_000  # authors and posts of all of them, some 40 MB


class LocalChain(NamedTuple):
    """A chain as this process served it last."""

    chain: Chain
    tail: Tail | None
    slot: int  # that it took last; a cursor may name an earlier one


class LocalChains:
    """Chains by user and nonce, and viewers by user; the longest unused go first."""

    def __init__(self) -> None:
        self._chains: OrderedDict[tuple[str, bytes], LocalChain] = OrderedDict()
        self._viewers: OrderedDict[str, CachedViewer] = OrderedDict()
        self._withheld = 0  # authors and posts of all viewers
        self._viewers_lock = Lock()  # acts put viewers here from threads of theirs

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
        """Keep what a user must not be shown, as last read, and the bytes behind it, where it came from Redis."""
        with self._viewers_lock:
            held = self._viewers.get(user_id)
            if held is not None and held.viewer is viewer:
                self._viewers.move_to_end(user_id)
                return
            self._drop_viewer(user_id)
            self._viewers[user_id] = CachedViewer(viewer, content)
            self._withheld += _withheld_by(viewer)
            while len(self._viewers) > MAX_VIEWERS or self._withheld > MAX_WITHHELD:
                self._drop_viewer(next(iter(self._viewers)))

    def viewer(self, user_id: str) -> CachedViewer | None:
        """What a user must not be shown, as last known."""
        return self._viewers.get(user_id)

    def clear(self) -> None:
        """Drop everything: rows name other posts by now."""
        self._chains.clear()
        with self._viewers_lock:
            self._viewers.clear()
            self._withheld = 0

    def users(self) -> set[str]:
        """Of whom something is here."""
        with self._viewers_lock:
            return {*self._viewers, *(user_id for user_id, _ in self._chains)}

    def forget(self, user_id: str) -> None:
        """Drop what is here of a user (erased, or read anew)."""
        with self._viewers_lock:
            self._drop_viewer(user_id)
        for key in [key for key in self._chains if key[0] == user_id]:
            del self._chains[key]

    def _drop_viewer(self, user_id: str) -> None:
        held = self._viewers.pop(user_id, None)
        if held is not None:
            self._withheld -= _withheld_by(held.viewer)


def _withheld_by(viewer: Viewer) -> int:
    return len(viewer.hidden_authors) + len(viewer.hidden_posts)
