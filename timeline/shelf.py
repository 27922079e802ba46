"""The chains that this process served lately: a chain goes on from here while Redis cannot tell."""

from collections import OrderedDict

from shared.ranked_lists.records import Chain

MAX_CHAINS = 5_000  # some 10 MB of frozen lists; 70 MB if every one of them has run into its tail


class Shelf:
    """Chains by user and nonce, whatever slot they took; the longest unused go first."""

    def __init__(self) -> None:
        self._chains: OrderedDict[tuple[str, bytes], tuple[Chain, bytes | None]] = OrderedDict()

    def put(self, user_id: str, chain: Chain, tail: bytes | None) -> None:
        """Keep a chain as it is now."""
        self._chains[user_id, chain.nonce] = chain, tail
        self._chains.move_to_end((user_id, chain.nonce))
        while len(self._chains) > MAX_CHAINS:
            self._chains.popitem(last=False)

    def get(self, user_id: str, nonce: bytes) -> tuple[Chain | None, bytes | None]:
        """A chain and its tail, if this process still has them."""
        return self._chains.get((user_id, nonce), (None, None))
