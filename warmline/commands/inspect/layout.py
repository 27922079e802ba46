"""Prints an inspection: a summary, then the lists, side by side if the terminal is wide enough."""

from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from shared.domain import Phase, Source
from shared.ranked_lists.inspect import ListedPost
from shared.text.printable import printable
from warmline.commands.inspect.records import Inspection, PostInspection
from warmline.screen import age, clipped, console, number_of, say

CAPTION = 40  # characters
WIDE = 75  # characters of a list from which on two are shown side by side
NARROW = 60  # … below which the reason has no column of its own
STANDINGS = {
    "deleted": "it is deleted or taken down: nobody is shown it",
    "suspended": "its author is suspended: nobody is shown it",
    "hidden": "the user has hidden it, or muted it: they are not shown it",
    "blocked": "its author and the user have blocked one another, or the user has muted them: they are not shown it",
    "own": "it is the user's own: they are not shown it",
    "served": "it was served to them: it comes after all that they have not seen",
    "seen": "they have seen it, as an event says: it comes after all that they have not seen",
}


def show_inspection(inspection: Inspection) -> None:
    """Print the whole inspection on standard output."""
    for line in head(inspection):
        say(line)
    if not inspection.lists:
        return
    screen, n_lists = console(), len(inspection.lists)
    if n_lists * WIDE <= screen.width:
        side_by_side = Table.grid(padding=(0, 2))
        width = screen.width // n_lists - 2
        side_by_side.add_row(*(_table(inspection, source, width) for source in inspection.lists))
        screen.print(side_by_side)
    else:
        for source in inspection.lists:
            screen.print(_table(inspection, source, screen.width))
    if any(post.standing for shown in inspection.lists.values() for post in shown.posts):
        say("deleted, taken down, blocked, hidden and own posts are left out; served and seen ones come last")


def show_post(post: PostInspection) -> None:
    """Print why one post is or is not shown to the user."""
    user, details = post.user, post.details
    for line in head(user):
        say(line)
    say("")
    if details is None:
        say(f"Post {post.post_id}: not among the posts (unknown, or no longer in the relation)")
    else:
        old = f"{age(user.now - details.created_at)} old" if details.created_at else "of no known time"
        say(f"Post {post.post_id} by {details.author_id}, {old}")
        say(f"  {clipped(details.caption or '(no caption)', 10 * CAPTION)}")
        if details.deleted_at is not None:
            say(f"  deleted {age(user.now - details.deleted_at)} ago")
    for source, place in post.places.items():
        say(_place(post, source, place))
    if not post.places:
        say("Redis holds no list that it could stand in.")
    say(f"Shown: {STANDINGS.get(post.standing) or _unhindered(post)}")


def _place(post: PostInspection, source: Source, place: ListedPost | None) -> str:
    ranked = post.user.lists[source].ranked
    made = f"made {age(post.user.now - ranked.generated_at)} ago"
    if place is None:
        return f"{source}: not among its {len(ranked):,} posts ({made}): {_absence(post, ranked.generated_at)}"
    parts = post.user.parts(source, place)
    made_of = f" = {parts}" if parts else ""
    return f"{source}: place {place.rank} of {len(ranked):,} ({made}), score {place.score:.3f}{made_of}, {place.reason}"


def _absence(post: PostInspection, made_at: datetime) -> str:
    if post.post_number is None:
        return "it was never a candidate (older than the window, not there yet, deleted or taken down)"
    born = post.details.created_at if post.details is not None else None
    if born is not None and born > made_at:
        return "the post is newer than the list"
    if post.standing in ("deleted", "suspended", "hidden", "blocked", "own"):
        return "it was left out"
    return "others scored higher, or it is older than the candidates' window"


def _unhindered(post: PostInspection) -> str:
    if any(post.places.values()):
        return "nothing withholds it from them; spacing of authors and like photos may move it"
    return "nothing withholds it from them, but no list of theirs holds it"


def head(inspection: Inspection) -> list[str]:
    """The user's phase, the source of their page, and what is withheld from them."""
    user, phase, withheld = inspection.user, inspection.phase, inspection.withheld
    followed = f", follows {number_of(user.follows, 'author')}" if user.follows else ""
    joined = f"joined {age(inspection.now - user.joined_at)} ago" if user.joined_at else "not among the users"
    rollout = f" at {phase.rollout_percent:g} %" if phase.phase is not Phase.HEURISTIC else ""
    authors, posts = withheld["hidden_authors"], withheld["hidden_posts"]
    hidden = f"{number_of(authors, 'blocked author')}, {number_of(posts, 'hidden post')}"
    visits = number_of(withheld["visits"], "visit")
    seen = f"{withheld['seen_by_events']:,} seen by events, {withheld['served']:,} served in {visits}"
    lines = [
        f"User {inspection.user_id}: {joined}, {number_of(user.positives, 'positive')}{followed}",
        f"Phase: {inspection.in_phase} (in force: {phase.phase}{rollout}, version {phase.version})",
        _source(inspection),
        f"Withheld: {hidden}; put off: {seen}",
    ]
    if not inspection.state.is_safe:
        lines.append(
            "Redis has lost its memory (no deletions, no blocks): the timelines do not use it until it is back"
        )
    return lines


def _source(inspection: Inspection) -> str:
    source = inspection.served_from
    if source is None:
        return "Redis holds no list at all (has the heuristic job run?); the timeline serves the newest posts"
    if source is Source.EVERYONE:
        return "No list of their own (unknown, inactive, or new since the last run): they get everyone's list"
    if source != inspection.in_phase.value and inspection.in_phase not in inspection.published:
        none = f"Nobody has a {inspection.in_phase} list"
        return f"{none} (`warmline status` says why): the next first page comes from the {source} list"
    if source != inspection.in_phase.value:
        return f"No {inspection.in_phase} list (a cold user?): the next first page comes from the {source} list"
    return f"The next first page comes from the {source} list"


def _table(inspection: Inspection, source: Source, width: int) -> Table:
    shown = inspection.lists[source]
    ranked = shown.ranked
    since = age(inspection.now - ranked.generated_at)
    title = f"{source}: {number_of(len(ranked), 'post')}, generation {ranked.generation}, {since} old"
    table = Table(
        title=title, title_justify="left", width=width, show_edge=False, padding=(0, 1, 0, 0), box=SIMPLE_HEAD
    )
    is_narrow = width < NARROW
    for name in ("", "score") if is_narrow else ("", "score", "reason"):
        table.add_column(name, justify="left" if name == "reason" else "right", no_wrap=True)
    table.add_column("post", overflow="fold", ratio=1)
    for post in shown.posts:
        about = Text("\n").join(_about(inspection, source, post, with_reason=is_narrow))
        cells = [str(post.rank), f"{post.score:.3f}", *([] if is_narrow else [post.reason])]
        table.add_row(*map(Text, cells), about, style="dim" if post.standing else "")
    return table


def _about(inspection: Inspection, source: Source, post: ListedPost, *, with_reason: bool) -> list[Text]:
    """A post in lines: its caption; its reason and score; its id and its author's."""
    details, parts = inspection.posts.get(post.post_id or ""), inspection.parts(source, post)
    how = [post.reason] if with_reason else []
    how += [age(inspection.now - details.created_at)] if details and details.created_at else []
    how += [post.standing] if post.standing else []
    how += [str(parts)] if parts else []
    named = printable(post.post_id or "(a post that the catalogue does not know)")
    by = f" by {printable(details.author_id)}" if details else " (not in posts)"
    # Text, never a plain string: captions are untrusted, and rich would read their [brackets] as markup.
    caption = clipped(details.caption, 2 * CAPTION) if details and details.caption else "(no caption)"
    return [Text(caption), *([Text(", ".join(how))] if how else []), Text(f"{named}{by}")]
