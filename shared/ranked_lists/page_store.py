"""What pages write: where each one ended, and what it showed. `timeline_store` reads."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from msgspec import Struct

from shared.ranked_lists import keys, records, scripts
from shared.ranked_lists.records import Chain, Tail
from shared.ranked_lists.repeatable_pages import AlreadyBegun, RequestMark, first_page_of, pack_request
from shared.ranked_lists.shared_connection import Command
from shared.ranked_lists.timeline_store import TimelineStore

NO_SLOT, OVERTAKEN = 0, 2  # results of END_PAGE
_BEGIN_VALUES = 12  # arguments of BEGIN_CHAIN


class ConcurrentPage(Exception):
    """Another request served a page of the same chain meanwhile, so this page no longer fits the chain."""


class UserErased(Exception):
    """The user was erased: nothing about them may be stored."""


class ServedPage(Struct, kw_only=True, gc=False):
    """A page that was served, and its chain as it is now."""

    chain: Chain  # its last end is the page's
    tail: Tail | None
    served: Iterable[int]  # post numbers


class FirstPage(ServedPage, kw_only=True, gc=False):
    """The first page of a chain."""

    visits: int  # how often the user began a chain before, as it was read
    is_mode: bool = False  # of another mode than `for_you`: these have slots of their own
    request: RequestMark | None = None  # the client may ask for this page again
    wants_list: bool = False  # the user has no list, or an old one: the next run makes one, if it knows the user


class NextPage(ServedPage, kw_only=True, gc=False):
    """A later page, and the state of its chain in Redis before."""

    slot: int
    ends_before: int  # page ends that the chain had in Redis
    is_rewritten: bool  # Redis holds another order, or nothing: the whole chain is written
    is_last_try: bool = False  # the page is served even if another request was faster
    needs_slot: bool = False  # the first page could not take the slot: the chain has it only if it is found there


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long chains and seen posts are kept, and how many seen posts."""

    chain_for: timedelta
    seen_for: timedelta
    seen_length: int


class PageWriter:
    """Writes for the timeline, over the same connection and within the same budget as its reads."""

    def __init__(self, reader: TimelineStore, *, lifetimes: Lifetimes) -> None:
        self._ask = reader.ask
        longest = len(records.pack_visits(0)) + len(records.pack_post_numbers([0])) * lifetimes.seen_length
        # In the form in which each page sends them.
        self._chain_ms, self._seen_ms = b"%d" % _ms(lifetimes.chain_for), b"%d" % _ms(lifetimes.seen_for)
        self._longest_seen = b"%d" % longest

    async def begin_chain(self, user_id: str, page: FirstPage, within: float | None = None) -> int:
        """Freeze a list (and its tail, if the first page already needed it) and record the first page's posts as seen.

        Returns the slot that the chain took.

        Raises:
            UserErased: nothing was kept.
            AlreadyBegun: the same request has begun a chain; nothing was written.
            StoreUnavailable: no answer within the budget.
        """
        chain, tail, visits = page.chain, page.tail, page.visits
        packed = records.pack_chain(chain), b"" if tail is None else records.pack_tail(chain.nonce, tail)
        seen = keys.seen(user_id), records.pack_post_numbers(page.served)
        asked = (repr(time.time()), keys.MAX_ASKED, _ms(keys.ASKED_FOR)) if page.wants_list else (b"",)
        step = records.MODE_VISIT if page.is_mode else 1
        while True:  # again whenever another first page of this user was faster
            before, visits = visits, (visits + step) % 2**32
            slot = keys.slot_of(visits, is_mode=page.is_mode)
            names = keys.ERASED, keys.ASKED, seen[0], keys.chain(user_id, slot), keys.tail(user_id, slot)
            values = (
                user_id, *packed, self._chain_ms, seen[1], self._longest_seen, self._seen_ms,
                records.pack_visits(before), records.pack_visits(visits), *asked,
            )  # fmt: skip
            begin: Command = ("EVALSHA", scripts.digest_of(scripts.BEGIN_CHAIN), len(names), *names, *values)
            if page.request is not None:
                begin = _repeatable(user_id, page.request, chain.nonce, slot, names, values)
            (answer,) = cast(list[int | bytes], await self._ask([begin], within))
            if isinstance(answer, bytes):
                raise AlreadyBegun(first_page_of(answer))
            if answer == scripts.BEGUN:
                return slot
            if answer == scripts.ERASED:
                raise UserErased
            visits = answer

    async def end_page(self, user_id: str, page: NextPage, within: float | None = None) -> bool:
        """Record where a page of a chain ended, and its posts as seen.

        Returns whether the chain has a slot. If not, nothing was recorded, and `begin_chain` gives it one.

        Raises:
            ConcurrentPage: another request served a page of this chain since it was read; nothing was recorded.
            UserErased: nothing was kept.
            StoreUnavailable: no answer within the budget.
        """
        chain, nonce = page.chain, page.chain.nonce
        whole = records.pack_chain(chain) if page.is_rewritten else b""
        tail = records.pack_tail(nonce, page.tail) if page.is_rewritten and page.tail is not None else b""
        names = keys.ERASED, keys.seen(user_id), keys.chain(user_id, page.slot), keys.tail(user_id, page.slot)
        end: Command = (
            "EVALSHA", scripts.digest_of(scripts.END_PAGE), 4, *names,
            user_id, nonce, page.ends_before, records.pack_page_end(chain.page_ends[-1]), self._chain_ms, whole, tail,
            records.pack_post_numbers(page.served), self._longest_seen, self._seen_ms,
            b"1" if page.is_last_try else b"", b"1" if page.needs_slot else b"",
        )  # fmt: skip
        (noted,) = await self._ask([end], within)
        if noted == scripts.ERASED:
            raise UserErased
        if noted == OVERTAKEN:
            raise ConcurrentPage
        return noted != NO_SLOT

    async def keep_tail(self, user_id: str, slot: int, nonce: bytes, tail: Tail, within: float | None = None) -> Tail:
        """Freeze what follows a chain's list; if another request was faster, its tail counts."""
        names = keys.ERASED, keys.chain(user_id, slot), keys.tail(user_id, slot)
        keep: Command = (
            "EVALSHA", scripts.digest_of(scripts.KEEP_TAIL), 3, *names,
            user_id, nonce, records.pack_tail(nonce, tail), self._chain_ms, records.mark_of_tail(nonce),
        )  # fmt: skip
        (kept,) = await self._ask([keep], within)
        first = records.unpack_tail(cast(bytes, kept), nonce=nonce)
        return tail if first is None else first

    async def check_writable(self, within: float | None = None) -> None:
        """Check that Redis accepts writes; reads alone do not show that.

        Raises:
            WritesRefused: it answers, but refuses.
            StoreUnavailable: it does not answer.
        """
        await self._ask([("SET", keys.WRITTEN, b"1", "PX", _ms(keys.WRITTEN_FOR))], within)


def _repeatable(
    user_id: str, request: RequestMark, nonce: bytes, slot: int, names: Command, values: Command
) -> Command:
    """The command that begins a chain, unless the same request has begun one."""
    known = keys.requests_of(user_id)
    blanks = (b"",) * (_BEGIN_VALUES - len(values))
    record = pack_request(request.mark, nonce, slot)
    return (
        "EVALSHA", scripts.digest_of(scripts.BEGIN_REPEATABLE), len(names) + len(known), *names, *known,
        *values, *blanks, request.mark, request.replaces, record, _ms(keys.REQUEST_FOR),
    )  # fmt: skip


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
