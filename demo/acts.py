"""The demo's two acts as one sees them: the timelines of phase 1; then a model, what it is worth, and phase 2."""

import sys
import time

import httpx
from rich.text import Text

from demo import database, lists, personal, show
from demo.client import Model
from demo.errors import DemoError, ServiceFailed
from demo.stage import DemoContext
from demo.watch import StepSkipped, ctrl_c_skips
from shared.domain import Phase

SHOWN_POSTS = 6
COMPARED_POSTS = 10
SHOWN_LIKES = 3


def show_first_timelines(stage: DemoContext) -> None:
    """Three users' first posts, in whatever phase is in force."""
    users = {
        "An active user": stage.cast.warm_user,
        "A cold user, who joined minutes ago": stage.cast.cold_user,
        "An unknown user": stage.cast.unknown_user,
    }
    pages = {title: stage.client.page(user_id, limit=SHOWN_POSTS) for title, user_id in users.items()}
    stage.diary.done["first timelines"] = (
        "counted from the start of the demo",
        time.monotonic() - stage.diary.began,
    )
    show.show_done(stage.console, stage.diary.take())
    show.show_notice(stage.console, stage.source.notice)
    for title, page in pages.items():
        captions = database.captions_of(stage.addresses.database_url, [entry.post_id for entry in page.posts])
        show.show_timeline(stage.console, title, users[title], page, captions, stage.source.caption_heading)


def become_personal(stage: DemoContext) -> bool:
    """Bring phase 2 into force and show it. False when it did not come to that; then the phase stays what it was."""
    try:
        _bring_into_force(stage)
    except StepSkipped:
        stage.console.print("\nThe training was stopped. The next start goes on where it was with encoding.")
        return False
    except (DemoError, httpx.HTTPError) as error:
        stage.console.print(Text(f"\nPhase 2 failed: {error}", style="bold red"), soft_wrap=True)
        return False
    stage.console.print()
    show.show_done(stage.console, stage.diary.take())
    _show_both_phases(stage)
    return True


def _bring_into_force(stage: DemoContext) -> None:
    """A model, its lists, all services, the phase: in this order, so that the phase has lists when it begins."""
    known = personal.known_model(stage.client.models())
    if known is not None:
        stage.diary.done["model"] = (f"version {known.version} of {known.created_at:%Y-%m-%d %H:%M} UTC, reused", 0.0)
    try:
        _serve(stage, known or _train(stage))
    except ServiceFailed as error:
        if known is None:
            raise
        stage.console.print(Text(f"\nModel {known.version} does not serve any more: {error}"), soft_wrap=True)
        _serve(stage, _train(stage))
    with stage.diary.step("services", "all four alive"):
        personal.complete_services(stage)
    with stage.diary.step("phase", "neucf, and so it stays"):
        stage.client.switch(Phase.NEUCF)


def _train(stage: DemoContext) -> Model:
    stage.console.print(
        "\nPhase 1 serves. Now photos and captions are encoded and a model is trained: minutes, the first time. "
        "Ctrl-C ends that alone, and phase 1 goes on."
    )
    if not sys.stderr.isatty():
        stage.console.print(f"Its log: {stage.running.surroundings.log_of(personal.TRAIN_STEP)}", soft_wrap=True)
    began = time.monotonic()
    with ctrl_c_skips():
        model, encoded = personal.train(stage)
    stage.diary.done["model"] = (f"version {model.version}: {encoded}, trained, judged", time.monotonic() - began)
    return model


def _serve(stage: DemoContext, model: Model) -> None:
    show.show_notice(stage.console, stage.source.notice)
    show.show_report(stage.console, model.report)
    show.show_verdict(stage.console, model)
    began = time.monotonic()
    published = personal.score(stage, model)
    stage.diary.done["score"] = (published, time.monotonic() - began)


def _show_both_phases(stage: DemoContext) -> None:
    user_id = stage.cast.warm_user
    both = lists.first_posts(stage.addresses.redis_url, user_id, limit=COMPARED_POSTS)
    ids = [post.post_id for posts in both.values() for post in posts if post.post_id is not None]
    captions = database.captions_of(stage.addresses.database_url, ids)
    liked = database.last_liked(stage.addresses.database_url, user_id, SHOWN_LIKES)
    show.show_side_by_side(stage.console, user_id, both, captions, liked)
