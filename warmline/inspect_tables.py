"""Draws an inspection: a head with what decides, then the lists side by side."""

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from shared.domain import Phase, Source
from shared.ranked_lists.inspect import ListedPost
from warmline.screen import age, clipped, console, say

if TYPE_CHECKING:
    from warmline.inspecting import Inspection, ShownList

CAPTION = 40  # characters


def show_inspection(inspection: "Inspection") -> None:
    """The whole inspection on standard output."""
    for line in head(inspection):
        say(line)
    if not inspection.lists:
        return
    side_by_side = Table.grid(padding=(0, 3))
    side_by_side.add_row(*(_table(inspection, source, shown) for source, shown in inspection.lists.items()))
    console().print(side_by_side)
    if any(post.standing for shown in inspection.lists.values() for post in shown.posts):
        say("deleted, blocked and hidden posts are left out; served and seen ones come after the others")


def head(inspection: "Inspection") -> list[str]:
    """Who the user is, which phase they are in, where their page comes from, and what is withheld."""
    user, phase, withheld = inspection.user, inspection.phase, inspection.withheld
    joined = f"joined {age(inspection.now - user.joined_at)} ago" if user.joined_at else "not among the users"
    rollout = f" at {phase.rollout_percent:g} %" if phase.phase is Phase.NEUCF else ""
    hidden = f"{withheld['hidden_authors']:,} blocked authors, {withheld['hidden_posts']:,} hidden posts"
    seen = (
        f"{withheld['seen_by_events']:,} seen by events, {withheld['served']:,} served in {withheld['visits']:,} visits"
    )
    lines = [
        f"User {inspection.user_id}: {joined}, {user.positives:,} positives",
        f"Phase: {inspection.in_phase} (in force: {phase.phase}{rollout}, version {phase.version})",
        _source(inspection),
        f"Withheld: {hidden}; put off: {seen}",
    ]
    if not inspection.state.is_safe:
        lines.append(
            "Redis has lost its memory (no deletions, no blocks): the timelines do not use it until it is back"
        )
    return lines


def _source(inspection: "Inspection") -> str:
    source = inspection.served_from
    if source is None:
        return "Redis holds no list at all (has the heuristic job run?); the timeline serves the newest posts"
    if source is Source.EVERYONE:
        return "No list of their own (unknown, inactive, or new since the last run): they get everyone's list"
    if source != inspection.in_phase.value:
        return f"No {inspection.in_phase} list (a cold user?): the next first page comes from the {source} list"
    return f"The next first page comes from the {source} list"


def _table(inspection: "Inspection", source: Source, shown: "ShownList") -> Table:
    ranked = shown.ranked
    since = age(inspection.now - ranked.generated_at)
    title = f"{source}: {len(ranked):,} posts, generation {ranked.generation}, {since} old"
    table = Table(title=title, title_justify="left")
    for name, right in (("", True), ("score", True), ("reason", False), ("caption", False), ("age", True)):
        table.add_column(name, justify="right" if right else "left", no_wrap=True, overflow="ellipsis")
    table.add_column("", no_wrap=True)
    for post in shown.posts:
        table.add_row(*_row(inspection, post), style="dim" if post.standing else "")
    return table


def _row(inspection: "Inspection", post: ListedPost) -> list[Text]:
    details = inspection.posts.get(post.post_id or "")
    # Text, never a plain string: a caption is a stranger's, and rich would read its [brackets] as markup.
    caption = details.caption or f"(no caption) {post.post_id}" if details else f"(not in posts) {post.post_id or '?'}"
    old = age(inspection.now - details.created_at) if details and details.created_at else ""
    cells = (str(post.rank), f"{post.score:.3f}", post.reason, clipped(caption, CAPTION), old, post.standing)
    return [Text(cell) for cell in cells]
