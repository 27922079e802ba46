"""`--check`: the demo's own answers, looked at over HTTP. Each check is one line, and one line of output."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import httpx

from demo import database
from demo.client import Client, Page
from demo.world import Cast

CHAIN_PAGES = 6
PAGE_LIMIT = 20
WRONG_TOKEN = "not-the-token"  # noqa: S105 - it is wrong on purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One check's result; `detail` says what was got."""

    name: str
    good: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the checks look at."""

    client: Client
    cast: Cast
    database_url: str

    def chain(self, user_id: str) -> list[Page]:
        """The first pages of a fresh chain."""
        return list(self.client.chain(user_id, limit=PAGE_LIMIT, pages=CHAIN_PAGES))

    def authors_on(self, pages: list[Page]) -> set[str]:
        """Whose posts stand on the pages."""
        return set(database.authors_of(self.database_url, _ids(pages)).values())


Check = Callable[[Stage], tuple[bool, str]]


def run_checks(stage: Stage) -> Iterator[Outcome]:
    """Every check in turn; one that cannot be done has failed."""
    for name, check in CHECKS.items():
        try:
            good, detail = check(stage)
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            good, detail = False, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        yield Outcome(name=name, good=good, detail=detail)


def _status(path: str, expected: int = 200) -> Check:
    def check(stage: Stage) -> tuple[bool, str]:
        got = stage.client.status_of(path)
        return got == expected, f"{path}: {got}"

    return check


def _source(user: Callable[[Cast], str], expected: str) -> Check:
    def check(stage: Stage) -> tuple[bool, str]:
        page = stage.client.page(user(stage.cast), limit=PAGE_LIMIT)
        good = page.source == expected and len(page.posts) == PAGE_LIMIT
        return good, f"source {page.source}, {len(page.posts)} posts"

    return check


def _chain_repeats_nothing(stage: Stage) -> tuple[bool, str]:
    pages = stage.chain(stage.cast.spare_cold_user)
    ids = _ids(pages)
    good = len(pages) == CHAIN_PAGES and all(page.posts for page in pages) and len(ids) == len(set(ids))
    return good, f"{len(pages)} pages, {len(ids)} posts, {len(set(ids))} different"


def _blocks_hold(stage: Stage) -> tuple[bool, str]:
    shown = stage.authors_on(stage.chain(stage.cast.spare_warm_user))
    shown_to_others = stage.authors_on(stage.chain(_stranger()))
    blocked = database.blocked_both_ways(stage.database_url, stage.cast.spare_warm_user)
    good = {stage.cast.blocked_author, stage.cast.blocking_author} <= blocked and bool(shown) and not blocked & shown
    return good, f"{len(blocked)} blocked, {len(blocked & shown)} shown, {len(blocked & shown_to_others)} to others"


def _own_posts_stay_away(stage: Stage) -> tuple[bool, str]:
    author = stage.cast.blocked_author
    shown = stage.authors_on(stage.chain(author))
    return bool(shown) and author not in shown, f"{len(shown)} authors, own: {author in shown}"


def _admin_wants_its_token(stage: Stage) -> tuple[bool, str]:
    client = stage.client
    got = [
        client.status_of("/admin/phase"),
        client.status_of("/admin/phase", token=WRONG_TOKEN),
        client.set_phase("neucf", token=WRONG_TOKEN),
        client.status_of("/admin/status", token=WRONG_TOKEN),
    ]
    return got == [401] * len(got), "answers " + ", ".join(map(str, got))


def _phase_switches_there_and_back(stage: Stage) -> tuple[bool, str]:
    client, token = stage.client, stage.client.keys.admin_token
    before = client.phase()["phase"]
    other = "heuristic" if before == "neucf" else "neucf"
    there = client.set_phase(other, token=token), client.phase()["phase"]
    page = client.page(stage.cast.spare_warm_user, limit=PAGE_LIMIT)
    back = client.set_phase(before, token=token), client.phase()["phase"]
    good = there == (200, other) and back == (200, before) and len(page.posts) > 0
    return good, f"{before} → {there[1]} (page from {page.source}) → {back[1]}"


def _status_is_told(stage: Stage) -> tuple[bool, str]:
    got = stage.client.status_of("/admin/status", token=stage.client.keys.admin_token)
    return got == httpx.codes.OK, f"/admin/status: {got}"


def _stranger() -> str:
    """A user who was never heard of, each time another."""
    return str(uuid4())


def _ids(pages: list[Page]) -> list[str]:
    return [entry.post_id for page in pages for entry in page.posts]


CHECKS: dict[str, Check] = {
    "the timeline is alive": _status("/healthz"),
    "the timeline is ready": _status("/readyz"),
    "the interface is described": _status("/docs"),
    "an active user gets a heuristic page": _source(lambda cast: cast.spare_warm_user, "heuristic"),
    "a cold user gets a heuristic page": _source(lambda cast: cast.spare_cold_user, "heuristic"),
    "an unknown user gets everyone's list": _source(lambda _: _stranger(), "everyone"),
    "a chain repeats no post": _chain_repeats_nothing,
    "a blocked author is not shown": _blocks_hold,
    "own posts are not shown": _own_posts_stay_away,
    "the admin interface wants its token": _admin_wants_its_token,
    "the phase switches there and back": _phase_switches_there_and_back,
    "the operator sees the status": _status_is_told,
}
