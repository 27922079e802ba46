"""The example app in Debian's Chromium on a phone's screen: what a reader does, and what is asked for."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect, sync_playwright

from tests.databases import EMPTY, database_like
from tests.flow.deployment import LISTS, Deployment
from tests.flow.example_app import READERS, build_photo_world, example_app, timeline_of
from tests.flow.live import heuristic_ranker, live, posts_in, until_newer, version_of

pytestmark = pytest.mark.debian
PHONE: ViewportSize = {"width": 390, "height": 844}
SCROLLED = 100  # posts
LONGER_LISTS = {"list_length": 150, "everyone_length": 200}


@dataclass(frozen=True, slots=True)
class Seen:
    """What the page asked for, and what the browser complained of."""

    urls: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("example") / "media"


@pytest.fixture(scope="module")
def deployment(server_url: str, redis_url: str, media: Path) -> Iterator[Deployment]:
    """A ranked world with lists that follow at once what readers do; in database 2 of Redis."""
    with pytest.MonkeyPatch.context() as patch, database_like(EMPTY, server_url) as database_url:
        for name, length in LONGER_LISTS.items():
            patch.setitem(LISTS, name, length)
        deployment = Deployment(database_url=database_url, redis_url=urlsplit(redis_url)._replace(path="/2").geturl())
        with deployment.redis() as redis:
            redis.flushdb()
        build_photo_world(deployment, media)
        deployment.run_heuristic()
        with live(deployment, heuristic_ranker()):
            yield deployment


@pytest.fixture(scope="module")
def timeline_url(deployment: Deployment) -> Iterator[str]:
    with timeline_of(deployment) as url:
        yield url


@pytest.fixture(scope="module")
def readers() -> Iterator[str]:
    return iter(READERS)


@pytest.fixture
def reader(readers: Iterator[str]) -> str:
    """A user of this test's own."""
    return next(readers)


@pytest.fixture
def url(deployment: Deployment, media: Path, timeline_url: str, reader: str) -> Iterator[str]:
    with example_app(deployment, media, timeline_url, reader) as url:
        yield url


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def page(browser: Browser, url: str, seen: Seen) -> Iterator[Page]:
    """The page, open; at the end it has asked no other host for anything, and the console is empty."""
    context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True, reduced_motion="reduce")
    page = context.new_page()
    page.on("request", lambda request: seen.urls.append(request.url))
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.goto(url)
    expect(cards(page).first).to_be_visible()
    yield page
    assert [asked for asked in seen.urls if not asked.startswith(f"{url}/")] == []
    assert seen.complaints == []
    context.close()


def cards(page: Page) -> Locator:
    return page.get_by_role("feed").get_by_role("article")


def shown(page: Page) -> list[str]:
    """The ids of the posts on the page, in their order."""
    return [str(post) for post in cards(page).evaluate_all("cards => cards.map(card => card.dataset.post)")]


def refresh(page: Page) -> None:
    """A first page anew, and wait until it is there."""
    with page.expect_response(re.compile("/demo/posts")):
        page.get_by_role("button", name="Refresh").tap()
    expect(cards(page).first).to_be_visible()


def say(page: Page, card: Locator, choice: str | re.Pattern[str]) -> None:
    """Choose something of a card's menu, and wait until the timeline has taken it."""
    card.get_by_role("button", name="More about").tap()
    page.get_by_role("dialog").get_by_role("button", name=choice).tap()
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()


def test_a_hundred_posts_are_scrolled_without_a_repeat(page: Page) -> None:
    while cards(page).count() < SCROLLED:
        before = cards(page).count()
        cards(page).last.scroll_into_view_if_needed()
        expect(cards(page)).not_to_have_count(before)
    posts = shown(page)
    assert len(posts) == len(set(posts))
    photo = cards(page).nth(50).get_by_role("img")
    photo.scroll_into_view_if_needed()
    expect(photo).to_have_js_property("complete", True)
    assert photo.evaluate("image => image.naturalWidth") > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_like_changes_the_next_refresh(page: Page, deployment: Deployment, reader: str) -> None:
    before, card = version_of(deployment, reader), cards(page).nth(1)
    liked = str(card.get_attribute("data-post"))
    assert liked in posts_in(deployment, reader)
    card.get_by_role("button", name="Like", exact=True).tap()
    expect(card.get_by_role("button", name="Liked")).to_have_attribute("aria-pressed", "true")
    until_newer(deployment, reader, before)
    assert liked not in posts_in(deployment, reader)
    refresh(page)
    assert liked not in shown(page)
    assert events(deployment, reader, "like") == [liked]


def test_a_like_is_taken_back(page: Page, deployment: Deployment, reader: str) -> None:
    card = cards(page).first
    with page.expect_response(re.compile("/api/interactions")):
        card.get_by_role("button", name="Like", exact=True).tap()
    with page.expect_response(re.compile("/api/interactions")):
        card.get_by_role("button", name="Liked").tap()
    expect(card.get_by_role("button", name="Like", exact=True)).to_have_attribute("aria-pressed", "false")
    assert events(deployment, reader, "like") == []


def test_a_hidden_post_is_gone_and_comes_back(page: Page, deployment: Deployment, reader: str) -> None:
    card = cards(page).first
    hidden = str(card.get_attribute("data-post"))
    say(page, card, "Hide this post")
    expect(card.get_by_role("img")).to_have_count(0)
    assert events(deployment, reader, "hide") == [hidden]
    with page.expect_response(re.compile("/api/interactions")):
        page.get_by_role("button", name="Undo").tap()
    expect(card.get_by_role("img")).to_have_count(1)
    assert events(deployment, reader, "hide") == []


def test_less_of_an_author_moves_them_down_until_it_is_undone(page: Page, deployment: Deployment, reader: str) -> None:
    order, version = posts_in(deployment, reader), version_of(deployment, reader)
    card = cards(page).first
    author = card.get_attribute("data-author")
    theirs = {post for (post,) in deployment.sql(f"SELECT id FROM warmline.posts WHERE author_id = '{author}'")}
    say(page, card, re.compile("Less from"))
    until_newer(deployment, reader, version)
    assert mean_index(posts_in(deployment, reader), theirs) > mean_index(order, theirs) + 10
    version = version_of(deployment, reader)
    with page.expect_response(re.compile("/preferences/")):
        page.get_by_role("button", name="Undo").tap()
    until_newer(deployment, reader, version)
    assert mean_index(posts_in(deployment, reader), theirs) < mean_index(order, theirs) + 3
    expect(card.get_by_role("img")).to_have_count(1)


def events(deployment: Deployment, user: str, kind: str) -> list[str]:
    """The posts of a user's events of a kind, as PostgreSQL holds them."""
    statement = "SELECT post_id FROM warmline.interactions WHERE user_id = %s AND kind = %s"
    return [post for (post,) in deployment.sql(statement, [(user, kind)])]


def mean_index(posts: list[str], some: set[str]) -> float:
    """Where some of a list's posts stand, on average; those that it has not stand at its end."""
    return sum(posts.index(post) if post in posts else len(posts) for post in some) / len(some)


def test_why_a_post_is_here_is_said_in_words(page: Page) -> None:
    card = cards(page).first
    card.get_by_role("button", name="Why this?").tap()
    expect(card.get_by_text("Your list goes by what is popular and new.")).to_be_visible()


def test_what_cannot_be_sent_is_said_and_taken_back(page: Page, seen: Seen) -> None:
    page.route("**/api/interactions", lambda route: route.fulfill(status=503, json={"type": "x", "detail": "x"}))
    card = cards(page).first
    card.get_by_role("button", name="Like", exact=True).tap()
    expect(page.get_by_role("alert")).to_have_text("The like could not be sent. Try again.")
    expect(card.get_by_role("button", name="Like", exact=True)).to_have_attribute("aria-pressed", "false")
    assert all("503" in complaint for complaint in seen.complaints)
    seen.complaints.clear()


def test_a_page_that_does_not_come_can_be_asked_for_again(page: Page, seen: Seen) -> None:
    page.route("**/api/timeline/**", lambda route: route.abort())
    page.get_by_role("button", name="Refresh").tap()
    expect(page.get_by_text("The feed cannot be reached.")).to_be_visible()
    page.unroute("**/api/timeline/**")
    page.get_by_role("button", name="Try again").tap()
    expect(cards(page).first).to_be_visible()
    assert all("ERR_FAILED" in complaint for complaint in seen.complaints)
    seen.complaints.clear()


def test_the_page_is_used_as_somebody_else(page: Page) -> None:
    page.get_by_role("button", name="use the page as somebody else").tap()
    with page.expect_response(re.compile("/api/timeline/newcomer")):
        page.get_by_role("dialog").get_by_role("button", name="Somebody new").tap()
    expect(cards(page).first).to_be_visible()


def test_each_mode_has_a_tab(page: Page) -> None:
    tabs = page.get_by_role("navigation", name="Feeds").get_by_role("button")
    expect(tabs).to_have_text(["For you", "Following", "Latest", "Explore"])
    with page.expect_response(re.compile(r"/api/timeline/.*mode=latest")):
        tabs.filter(has_text="Latest").tap()
    expect(cards(page).first).to_have_attribute("data-post", "post/000")
    expect(page.locator("[aria-current=page]")).to_have_text("Latest")


def test_who_is_followed_is_seen_among_those_who_are(page: Page, deployment: Deployment, reader: str) -> None:
    tabs = page.get_by_role("navigation", name="Feeds").get_by_role("button")
    author = cards(page).first.get_attribute("data-author")
    say(page, cards(page).first, re.compile("^Follow"))
    assert deployment.sql("SELECT author_id FROM warmline.follows WHERE user_id = %s", [(reader,)]) == [(author,)]
    tabs.filter(has_text="Following").tap()
    expect(cards(page).first).to_have_attribute("data-author", str(author))
    with page.expect_response(re.compile("/demo/follows/")):
        say(page, cards(page).first, re.compile("^Stop following"))
    tabs.filter(has_text="Following").tap()
    expect(page.get_by_text("You follow nobody who has posted lately.")).to_be_visible()
