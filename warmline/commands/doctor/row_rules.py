"""Turns counts of faulty rows in the four relations into findings that say what to do. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.db.doctor.rows import OLDEST, STATEMENT_SECONDS, EarlyEvents, RowShare
from shared.domain import ID_RULE, PHOTO_RULE, InteractionKind
from warmline.findings import Finding, good, hint, problem, too_slow

ENOUGH_ROWS = 20  # with fewer rows a share means nothing
NEARLY_ALL = 0.9
NEVER = 2.0  # a ratio that is never reached: the check only gives hints
LATE_EVENTS = 0.2  # share of recent events on deleted posts that a delay between two tables cannot explain
EARLY_EVENTS = 0.05  # share of recent events before their post that single errors cannot explain
STRAY_EVENTS = 0.01  # share that a delay may explain
HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRule:
    """How the count of one row check is judged and reported."""

    column: str
    says: str  # after "12 of 5,000 newest rows "
    expected: str
    todo: str
    problem_from: float  # the ratio from which it is a problem; below it is a hint
    hint_from: float = 0.0  # the ratio below which nothing is reported


_NO_TIME = RowRule(
    column="created_at",
    says="have no time",
    expected="a time in each row",
    todo="such a row is never ranked or counted; fill the column, or leave the row out of the view",
    problem_from=HALF,
)
_FUTURE = RowRule(
    column="created_at",
    says="are dated more than 5 minutes ahead",
    expected="times up to now",
    todo="up to a day ahead this is a zone lost on the way: write AT TIME ZONE with the zone that your app writes in",
    problem_from=0.01,
)
_NO_ID = RowRule(
    column="id", says="lack an id", expected="ids in each row", todo="leave them out of the view", problem_from=HALF
)
_UNUSABLE_ID = RowRule(
    column="id",
    says="have ids that cannot be used",
    expected=ID_RULE,
    todo="such rows count for nothing; give them the id that your app's interface uses, or leave them out",
    problem_from=0.0,
)
_COMMON = {"no_time": _NO_TIME, "future": _FUTURE, "no_id": _NO_ID, "unusable_id": _UNUSABLE_ID}
RULES: dict[str, dict[str, RowRule]] = {
    "users": _COMMON,
    "posts": {
        **_COMMON,
        "deleted_before_created": RowRule(
            column="deleted_at",
            says="were deleted before they were created",
            expected="deleted_at after created_at",
            todo="are the two columns the wrong way round in the view?",
            problem_from=0.1,
        ),
        "deleted_ahead": RowRule(
            column="deleted_at",
            says="are to be deleted in the future",
            expected="null for a post that lives, and a time up to now for one that is gone",
            todo="Warmline treats them as deleted; write CASE WHEN deleted_at <= now() THEN deleted_at END",
            problem_from=0.01,
        ),
        "unusable_url": RowRule(
            column="image_url",
            says="have control characters in their image_url",
            expected=PHOTO_RULE,
            todo="such a photo is never read, and nobody types such an address: who wrote it, and what else did they?",
            problem_from=0.1,
        ),
        "no_image": RowRule(
            column="image_url",
            says="have no image",
            expected="an image in most posts",
            todo="they still rank; phase 2 knows them by their caption alone",
            problem_from=NEVER,
        ),
        "no_caption": RowRule(
            column="caption",
            says="have no caption",
            expected="a caption in most posts",
            todo="they still rank; phase 2 knows them by their photo alone",
            problem_from=NEVER,
        ),
        "html_caption": RowRule(
            column="caption",
            says="hold HTML",
            expected="plain text; tags are taken out before captions are encoded and compared with muted words",
            todo="write regexp_replace(caption, '<[^>]*>', ' ', 'g') AS caption",
            problem_from=NEVER,
            hint_from=0.01,
        ),
    },
    "interactions": {
        **_COMMON,
        "first_after_last": RowRule(
            column="first_at",
            says="have a first time after their last one",
            expected="first_at up to created_at",
            todo="are the two columns the wrong way round in the view? Such a first time is ignored",
            problem_from=0.1,
        ),
    },
    "blocks": {
        "no_id": _NO_ID,
        "unusable_id": _UNUSABLE_ID,
        "self_block": RowRule(
            column="blocked_user_id",
            says="block their own user",
            expected="two users",
            todo="harmless (own posts never appear); leave them out of the view",
            problem_from=NEVER,
        ),
    },
}

# relation, column → what happens to rows with an unknown user or post
_UNKNOWN = {
    ("posts", "author_id"): "posts of an author who is not in users are shown to nobody",
    ("interactions", "user_id"): "events of people who are not in users count for nothing, and they get no lists",
    ("interactions", "post_id"): "events on such posts count for nothing",
    ("blocks", "user_id"): "such blocks hold all the same",
    ("blocks", "blocked_user_id"): "such blocks hold all the same",
}


_EMPTY_TODO = {
    "users": "is the view over the right table, and does its WHERE let anybody through? Nobody gets their own list",
    "posts": "is the view over the right table, and does its WHERE let anything through? There is nothing to show",
    "interactions": "without events all posts are equally popular, and phase 2 has nothing to learn from",
    "blocks": "in order where nobody has blocked anybody yet; else the blocks of your app hold nobody back",
}


def _judge_empty(relation: str, *, is_view: bool) -> list[Finding]:
    # Our own table is filled by the API over time; but an empty view over an app in use has a fault.
    judged = problem if is_view and relation in ("users", "posts") else hint
    return [judged(relation, "it has no rows", expected="some", todo=_EMPTY_TODO[relation])]


def judge_rows(relation: str, shares: Mapping[str, RowShare] | None, *, is_view: bool = True) -> list[Finding]:
    """The findings for one relation's newest rows."""
    if shares is None:
        return [too_slow(relation, STATEMENT_SECONDS)]
    looked_at = next(iter(shares.values())).total
    if not looked_at:
        return _judge_empty(relation, is_view=is_view)
    found = [
        _judge(relation, rule, shares[check])
        for check, rule in RULES[relation].items()
        if check in shares and shares[check].count and shares[check].ratio >= rule.hint_from
    ]
    return found or [good(relation, f"{looked_at:,} newest rows: ids and times are usable")]


def judge_deleted(deleted: RowShare, late: RowShare | None) -> list[Finding]:
    """Whether `deleted_at` is inverted: set for posts that exist."""
    todo = (
        "deleted_at must be null while a post lives, and the time when it went; is the condition in the view reversed?"
    )
    if deleted.total >= ENOUGH_ROWS and deleted.ratio >= NEARLY_ALL:
        got = f"{deleted.ratio:.0%} of {deleted.total:,} newest posts are deleted"
        return [problem("posts.deleted_at", got, expected="few of them", todo=todo, examples=deleted.examples)]
    if late is None:
        return [too_slow("posts.deleted_at", STATEMENT_SECONDS)]
    got = f"{late.count:,} of {late.total:,} recent events came over an hour after their post was deleted"
    expected = "no events on a post that is gone"
    if late.total >= ENOUGH_ROWS and late.ratio >= LATE_EVENTS:
        return [problem("posts.deleted_at", got, expected=expected, todo=todo, examples=late.examples)]
    if late.ratio >= STRAY_EVENTS:
        stray = "see whether your app still shows deleted posts somewhere"
        return [hint("posts.deleted_at", got, expected=expected, todo=stray, examples=late.examples)]
    return [
        good("posts.deleted_at", f"{deleted.ratio:.0%} of {deleted.total:,} newest posts are deleted, nobody uses them")
    ]


def judge_unknown(relation: str, column: str, target: str, unknown: RowShare | None) -> list[Finding]:
    """Ids that are missing in the relation that should contain them."""
    where = f"{relation}.{column}"
    if unknown is None:
        return [too_slow(where, STATEMENT_SECONDS)]
    if not unknown.count:
        return []
    got = f"{unknown.count:,} of {unknown.total:,} ids are not in {target}"
    expected = f"ids of {target}"
    if unknown.ratio >= HALF:
        todo = (
            "are both columns the same id, written the same way (upper and lower case, prefixes)?"
            f" As it is, {_UNKNOWN[relation, column]}"
        )
        return [problem(where, got, expected=expected, todo=todo, examples=unknown.examples)]
    todo = f"{_UNKNOWN[relation, column]}; in order where {target} leaves them out on purpose"
    return [hint(where, got, expected=expected, todo=todo, examples=unknown.examples)]


def judge_unknown_senders(unknown: RowShare | None) -> list[Finding]:
    """Users whose events were sent to the API, but who are not in the team's view of users."""
    where = "events by the API"
    if unknown is None:
        return [too_slow(where, STATEMENT_SECONDS)]
    if not unknown.count:
        return []
    got = f"{unknown.count:,} of {unknown.total:,} people who sent some lately are not in users"
    todo = "their events are kept and count from the day on which users has them; in order where it leaves them out"
    return [hint(where, got, expected="people of users", todo=todo, examples=unknown.examples)]


def judge_duplicates(relation: str, twice: RowShare | None) -> list[Finding]:
    """Ids with several rows: of a few ids one row counts; if there are many, the jobs refuse the relation."""
    if twice is None:
        return [too_slow(f"{relation}.id", STATEMENT_SECONDS)]
    if not twice.count:
        return []
    todo = "a join in the view multiplies rows: write EXISTS instead, or DISTINCT ON (id)"
    got = f"{twice.count:,} ids stand in more than one row"
    return [problem(f"{relation}.id", got, expected="one row for each id", todo=todo, examples=twice.examples)]


def judge_repeats(relation: str, repeats: RowShare | None) -> list[Finding]:
    """Rows that are equal in every column: they count once, but cost time."""
    if repeats is None:
        return [too_slow(relation, STATEMENT_SECONDS)]
    if not repeats.count:
        return []
    got = f"{repeats.count:,} of {repeats.total:,} newest rows repeat another one"
    todo = "they count once; where a join in the view multiplies rows, write EXISTS instead, or SELECT DISTINCT"
    return [hint(relation, got, expected="one row for each", todo=todo, examples=repeats.examples)]


def judge_early(early: EarlyEvents | None) -> list[Finding]:
    """Events dated before their post: probably two time zones are mixed."""
    where = "interactions.created_at"
    if early is None:
        return [too_slow(where, STATEMENT_SECONDS)]
    share = early.share
    if share.ratio < STRAY_EVENTS:
        return []
    got = (
        f"{share.count:,} of {share.total:,} recent events are dated before their post, the earliest by {_span(early)}"
    )
    todo = (
        "whole hours mean that events and posts are written in different zones: give each its own by AT TIME ZONE;"
        " else see where the app takes its times from"
    )
    judged = problem if share.total >= ENOUGH_ROWS and share.ratio >= EARLY_EVENTS else hint
    return [judged(where, got, expected="events after their post", todo=todo, examples=share.examples)]


def _span(early: EarlyEvents) -> str:
    # Zones differ by half hours, and the first event usually follows soon after the post.
    hours = round(-early.hours * 2) / 2
    return f"about {hours:g} hours" if hours else f"{-early.hours * 60:.0f} minutes"


def judge_old(relation: str, old: RowShare | None) -> list[Finding]:
    """Rows with an implausibly early date."""
    if old is None:
        return [too_slow(f"{relation}.created_at", STATEMENT_SECONDS)]
    if not old.count:
        return []
    got = f"{old.count:,} rows are dated before {OLDEST[:4]}"
    todo = "such a time is a zero of some program (1970, the year 1); write the real one, or leave the rows out"
    return [hint(f"{relation}.created_at", got, expected="plausible times", todo=todo, examples=old.examples)]


def judge_kinds(kinds: Mapping[str, int] | None) -> list[Finding]:
    """Unknown kinds of events."""
    where = "interactions.kind"
    if kinds is None:
        return [too_slow(where, STATEMENT_SECONDS)]
    total = sum(kinds.values())
    strange = {kind: count for kind, count in kinds.items() if kind not in set(InteractionKind)}
    known = ", ".join(f"{kind} {count:,}" for kind, count in kinds.items() if kind not in strange)
    if not strange:
        return [good(where, known or "no interactions yet")]
    got = ", ".join(f"{kind or '(null)'} {count:,}" for kind, count in strange.items())
    judged = problem if sum(strange.values()) >= total * HALF else hint
    todo = "rows of other kinds are left out; map them in the view: CASE kind WHEN 'favourite' THEN 'like' … END"
    return [judged(where, got, expected=f"one of {', '.join(InteractionKind)}", todo=todo)]


def _judge(relation: str, rule: RowRule, share: RowShare) -> Finding:
    judged = problem if share.ratio >= rule.problem_from else hint
    got = f"{share.count:,} of {share.total:,} newest rows {rule.says}"
    column = rule.column if rule.column != "id" else ""
    where = f"{relation}.{column}".rstrip(".")
    return judged(where, got, expected=rule.expected, todo=rule.todo, examples=share.examples)
