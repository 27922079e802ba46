"""Shows the timelines of phase 1; then trains a model, shows its evaluation, and switches to phase 2."""

import sys
import time

import httpx
from rich.text import Text

from demo import database, lists, personal, show
from demo.client import Model
from demo.context import DemoContext
from demo.errors import DemoError, ServiceFailed
from demo.watch import StepSkipped, ctrl_c_skips
from shared.domain import Phase

SHOWN_POSTS = 6
COMPARED_POSTS = 10
SHOWN_LIKES = 3


def show_first_timelines(context: DemoContext) -> None:
    """Show three users' first posts, in the current phase."""
    users = {
        "An active user": context.cast.warm_user,
        "A cold user, who joined minutes ago": context.cast.cold_user,
        "An unknown user": context.cast.unknown_user,
    }
    pages = {title: context.client.page(user_id, limit=SHOWN_POSTS) for title, user_id in users.items()}
    context.progress.done["first timelines"] = (
        "counted from the start of the demo",
        time.monotonic() - context.progress.began,
    )
    show.show_done(context.console, context.progress.take())
    show.show_notice(context.console, context.source.notice)
    for title, page in pages.items():
        captions = database.captions_of(context.addresses.database_url, [entry.post_id for entry in page.posts])
        show.show_timeline(context.console, title, users[title], page, captions, context.source.caption_heading)


def switch_to_neucf(context: DemoContext) -> bool:
    """Switch to phase 2 and show it. Returns False if that failed; then the phase is unchanged."""
    try:
        _bring_into_force(context)
    except StepSkipped:
        context.console.print("\nThe training was stopped. The next start goes on where it was with encoding.")
        return False
    except (DemoError, httpx.HTTPError) as error:
        context.console.print(Text(f"\nPhase 2 failed: {error}", style="bold red"), soft_wrap=True)
        return False
    context.console.print()
    show.show_done(context.console, context.progress.take())
    _show_both_phases(context)
    return True


def _bring_into_force(context: DemoContext) -> None:
    """Provide a model, its lists and all services before switching the phase, so that the phase has lists."""
    known = personal.known_model(context.client.models())
    if known is not None:
        context.progress.done["model"] = (
            f"version {known.version} of {known.created_at:%Y-%m-%d %H:%M} UTC, reused",
            0.0,
        )
    try:
        _serve(context, known or _train(context))
    except ServiceFailed as error:
        if known is None:
            raise
        context.console.print(Text(f"\nModel {known.version} does not serve any more: {error}"), soft_wrap=True)
        _serve(context, _train(context))
    with context.progress.step("services", "all four alive"):
        personal.start_missing_services(context)
    with context.progress.step("phase", "neucf, and so it stays"):
        context.client.switch(Phase.NEUCF)


def _train(context: DemoContext) -> Model:
    context.console.print(
        "\nPhase 1 serves. Now photos and captions are encoded and a model is trained: minutes, the first time. "
        "Ctrl-C ends that alone, and phase 1 goes on."
    )
    if not sys.stderr.isatty():
        context.console.print(
            f"Its log: {context.running.process_environment.log_of(personal.TRAIN_STEP)}", soft_wrap=True
        )
    began = time.monotonic()
    with ctrl_c_skips():
        model, encoded = personal.train(context)
    context.progress.done["model"] = (f"version {model.version}: {encoded}, trained, judged", time.monotonic() - began)
    return model


def _serve(context: DemoContext, model: Model) -> None:
    show.show_notice(context.console, context.source.notice)
    show.show_report(context.console, model.report)
    show.show_verdict(context.console, model)
    began = time.monotonic()
    published = personal.score(context, model)
    context.progress.done["score"] = (published, time.monotonic() - began)


def _show_both_phases(context: DemoContext) -> None:
    user_id = context.cast.warm_user
    both = lists.first_posts(context.addresses.redis_url, user_id, limit=COMPARED_POSTS)
    ids = [post.post_id for posts in both.values() for post in posts if post.post_id is not None]
    captions = database.captions_of(context.addresses.database_url, ids)
    liked = database.last_liked(context.addresses.database_url, user_id, SHOWN_LIKES)
    show.show_side_by_side(context.console, user_id, both, captions, liked)
