"""`--check`: checks the demo's answers over HTTP. Each check is one line below, and one line of output."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from uuid import uuid4

import httpx

from demo import database, lists
from demo.client import Page
from demo.context import DemoContext
from demo.services import PHASE1_SERVICES, PHASE2_SERVICES
from demo.world import DemoUsers
from shared.domain import Phase
from shared.errors import WarmlineError

ALL_SERVICES = (*PHASE1_SERVICES, *PHASE2_SERVICES)
CHAIN_PAGES = 6
PAGE_LIMIT = 20
SHORT_LIMIT = 5  # so that the unseen posts of a list fill several pages
ROLLOUTS = (0, 30, 60, 100)  # per cent
ASKED_USERS = (
    120  # active users in the check of the rollout; that 30 % selects all or none of them has a chance of 10^-18
)
WARM_LIKES = 3  # WARMLINE_COLD_MIN_POSITIVES
WRONG_TOKEN = "not-the-token"  # noqa: S105 - it is wrong on purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of one check; `detail` says what was got."""

    name: str
    good: bool
    detail: str


Check = Callable[[DemoContext], tuple[bool, str]]


def run_checks(context: DemoContext, checks: Mapping[str, Check]) -> Iterator[Outcome]:
    """Run all checks in order; one that cannot be done has failed."""
    for name, check in checks.items():
        try:
            good, detail = check(context)
        except (WarmlineError, httpx.HTTPError, LookupError, TypeError, ValueError) as error:
            good, detail = False, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        yield Outcome(name=name, good=good, detail=detail)


def _status(path: str, expected: int = 200) -> Check:
    def check(context: DemoContext) -> tuple[bool, str]:
        got = context.client.status_of(path)
        return got == expected, f"{path}: {got}"

    return check


def _source(phase: Phase, user: Callable[[DemoUsers], str], expected: str) -> Check:
    def check(context: DemoContext) -> tuple[bool, str]:
        context.client.switch(phase)
        page = context.client.page(user(context.cast), limit=PAGE_LIMIT)
        good = page.source == expected and len(page.posts) == PAGE_LIMIT
        return good, f"source {page.source}, {len(page.posts)} posts"

    return check


def _chain_repeats_nothing(context: DemoContext) -> tuple[bool, str]:
    pages = _chain(context, context.cast.spare_cold_user)
    ids = _ids(pages)
    good = len(pages) == CHAIN_PAGES and all(page.posts for page in pages) and len(ids) == len(set(ids))
    return good, f"{len(pages)} pages, {len(ids)} posts, {len(set(ids))} different"


def _blocks_hold(context: DemoContext) -> tuple[bool, str]:
    shown = _authors_on(context, _chain(context, context.cast.spare_warm_user))
    shown_to_others = _authors_on(context, _chain(context, _stranger()))
    blocked = database.blocked_both_ways(context.addresses.database_url, context.cast.spare_warm_user)
    good = (
        {context.cast.blocked_author, context.cast.blocking_author} <= blocked and bool(shown) and not blocked & shown
    )
    return good, f"{len(blocked)} blocked, {len(blocked & shown)} shown, {len(blocked & shown_to_others)} to others"


def _own_posts_stay_away(context: DemoContext) -> tuple[bool, str]:
    author = context.cast.blocked_author
    shown = _authors_on(context, _chain(context, author))
    return bool(shown) and author not in shown, f"{len(shown)} authors, own: {author in shown}"


def _admin_wants_its_token(context: DemoContext) -> tuple[bool, str]:
    client = context.client
    got = [
        client.status_of("/admin/phase"),
        client.status_of("/admin/phase", token=WRONG_TOKEN),
        client.set_phase("neucf", token=WRONG_TOKEN),
        client.status_of("/admin/status", token=WRONG_TOKEN),
    ]
    return got == [401] * len(got), "answers " + ", ".join(map(str, got))


def _phase_switches_there_and_back(context: DemoContext) -> tuple[bool, str]:
    client, token = context.client, context.client.keys.admin_token
    before = client.phase()["phase"]
    other = "heuristic" if before == "neucf" else "neucf"
    there = client.set_phase(other, token=token), client.phase()["phase"]
    page = client.page(context.cast.spare_warm_user, limit=PAGE_LIMIT)
    back = client.set_phase(before, token=token), client.phase()["phase"]
    good = there == (200, other) and back == (200, before) and len(page.posts) > 0
    return good, f"{before} → {there[1]} (page from {page.source}) → {back[1]}"


def _status_is_shown(context: DemoContext) -> tuple[bool, str]:
    got = context.client.status_of("/admin/status", token=context.client.keys.admin_token)
    return got == httpx.codes.OK, f"/admin/status: {got}"


def _all_alive(context: DemoContext) -> tuple[bool, str]:
    silent = context.running.without_heartbeat(context.client.live_workers())
    fallen = [name for name, process in context.running.processes.items() if process.poll() is not None]
    names = sorted(context.running.processes)
    return {*ALL_SERVICES} <= {*names} and not silent and not fallen, ", ".join(names) + "; silent: " + str(len(silent))


def _switch_changes_source_and_list(context: DemoContext) -> tuple[bool, str]:
    user_id = _others(context)[0]
    ranked = lists.whole_lists(context.addresses.redis_url, user_id)
    sources, good = [], ranked[Phase.HEURISTIC] != ranked[Phase.NEUCF]
    for phase in (Phase.HEURISTIC, Phase.NEUCF, Phase.HEURISTIC, Phase.NEUCF):
        context.client.switch(phase)
        page = context.client.page(user_id, limit=SHORT_LIMIT)
        sources.append(page.source)
        good = good and page.source == phase and set(_ids([page])) <= set(ranked[phase])
    common = len(set(ranked[Phase.HEURISTIC]) & set(ranked[Phase.NEUCF]))
    return good, f"{' → '.join(sources)}; the two lists share {common} of {len(ranked[Phase.NEUCF])} posts"


def _chain_ends_in_its_phase(context: DemoContext) -> tuple[bool, str]:
    shown, good = [], True
    for user_id, began, then in zip(_others(context)[1:3], Phase, reversed(Phase), strict=True):
        context.client.switch(began)
        first = context.client.page(user_id, limit=SHORT_LIMIT)
        context.client.switch(then)
        second = context.client.page(user_id, limit=SHORT_LIMIT, cursor=first.next_cursor)
        fresh = context.client.page(user_id, limit=SHORT_LIMIT)
        shown.append(f"{first.source}, switch, {second.source}, new chain {fresh.source}")
        good = good and [first.source, second.source, fresh.source] == [began, began, then]
        good = good and not set(_ids([first])) & set(_ids([second]))
    return good, "; ".join(shown)


def _rollout_grows(context: DemoContext) -> tuple[bool, str]:
    users = _others(context)
    inside: dict[int, set[str]] = {}
    for percent in ROLLOUTS:
        context.client.switch(Phase.NEUCF, rollout_percent=percent)
        inside[percent] = {user for user in users if context.client.page(user, limit=1).source == Phase.NEUCF}
    counts = {percent: len(members) for percent, members in inside.items()}
    grows = all(inside[lower] <= inside[higher] for lower, higher in pairwise(ROLLOUTS))
    good = grows and counts[0] == 0 < counts[30] < counts[100] == len(users)
    return good, f"of {len(users)} users: " + ", ".join(f"{count} at {percent} %" for percent, count in counts.items())


def _phase_stays(context: DemoContext) -> tuple[bool, str]:
    context.client.switch(Phase.NEUCF)
    phase = context.client.phase()
    return (phase["phase"], phase["rollout_percent"]) == (Phase.NEUCF, 100), f"{phase['phase']} at 100 %"


def _others(context: DemoContext) -> list[str]:
    """Active users who are not among the demo's users: posts shown to them are not missing in the demo later."""
    cast = set(asdict(context.cast).values())
    found = database.active_users(context.addresses.database_url, likes=WARM_LIKES, limit=ASKED_USERS)
    return [user_id for user_id in found if user_id not in cast]


def _chain(context: DemoContext, user_id: str) -> list[Page]:
    """The first pages of a new chain."""
    return list(context.client.chain(user_id, limit=PAGE_LIMIT, pages=CHAIN_PAGES))


def _authors_on(context: DemoContext, pages: list[Page]) -> set[str]:
    """The authors of the posts on the pages."""
    return set(database.authors_of(context.addresses.database_url, _ids(pages)).values())


def _stranger() -> str:
    """A new unknown user id."""
    return str(uuid4())


def _ids(pages: list[Page]) -> list[str]:
    return [entry.post_id for page in pages for entry in page.posts]


def _example_app_shows_a_page(context: DemoContext) -> tuple[bool, str]:
    """As its page does: a session, a page of the timeline with it, and what the posts show."""
    user_id = context.cast.spare_warm_user
    with httpx.Client(base_url=context.addresses.feed_url, trust_env=False) as http:
        token = http.post("/demo/session", json={"user_id": user_id}).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        ids = [post["id"] for post in http.get(f"/api/timeline/{user_id}", headers=headers).json()["posts"]]
        posts = http.get("/demo/posts", params={"ids": ids}, headers=headers).json()["posts"]
        photo, page = http.get(posts[0]["photo"]), http.get("/")
    good = {page.status_code, photo.status_code} == {200} and {post["id"] for post in posts} == {*ids}
    return good, f"{len(posts)} posts; page {page.status_code}, photo {photo.status_code}"


PHASE1_CHECKS: dict[str, Check] = {
    "the timeline is alive": _status("/healthz"),
    "the timeline is ready": _status("/readyz"),
    "the interface is described": _status("/docs"),
    "an active user gets a heuristic page": _source(Phase.HEURISTIC, lambda cast: cast.spare_warm_user, "heuristic"),
    "a cold user gets a heuristic page": _source(Phase.HEURISTIC, lambda cast: cast.spare_cold_user, "heuristic"),
    "an unknown user gets everyone's list": _source(Phase.HEURISTIC, lambda _: _stranger(), "everyone"),
    "a chain repeats no post": _chain_repeats_nothing,
    "a blocked author is not shown": _blocks_hold,
    "own posts are not shown": _own_posts_stay_away,
    "the admin interface wants its token": _admin_wants_its_token,
    "the phase switches there and back": _phase_switches_there_and_back,
    "the operator sees the status": _status_is_shown,
    "the example app shows its user's page": _example_app_shows_a_page,
}
PHASE2_CHECKS: dict[str, Check] = {
    "all four services are alive": _all_alive,
    "an active user gets a neucf page": _source(Phase.NEUCF, lambda cast: cast.spare_warm_user, "neucf"),
    "a cold user gets posts in phase neucf": _source(Phase.NEUCF, lambda cast: cast.spare_cold_user, "heuristic"),
    "an unknown user gets posts in phase neucf": _source(Phase.NEUCF, lambda _: _stranger(), "everyone"),
    "a switch changes source and list at once": _switch_changes_source_and_list,
    "a chain under way ends in its phase": _chain_ends_in_its_phase,
    "a growing rollout takes nobody out": _rollout_grows,
    "the phase stays neucf": _phase_stays,
}
