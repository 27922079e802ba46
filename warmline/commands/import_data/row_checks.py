"""Decides which rows of the relations can be imported, and why others cannot. Pure."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from shared.domain import (
    ID_RULE,
    MAX_ID_LENGTH,
    MAX_PHOTOS,
    PHOTO_RULE,
    InteractionKind,
    is_photo_reference,
    is_usable_id,
)
from shared.preferences.words import IS_LANGUAGE, MAX_TAGS, MAX_WORD, folded, folded_tag
from warmline.commands.import_data.columns import COLUMNS

Value = str | int | None  # int: microseconds since 1970, UTC (Parquet's times)
Row = tuple[str | None, ...]

WRONG_FIELDS = "wrong number of fields"
BAD_QUOTING = "broken quoting"
TOO_LONG = "field too long"
NOT_UTF8 = "not UTF-8"
NUL = "NUL character"
MISSING = "missing value"
BAD_ID = "unusable id"
BAD_URL = "unusable image_url"
UNKNOWN_KIND = "unknown kind"
NO_ZONE = "time without zone"
BAD_TIME = "unreadable time"
BAD_FLAG = "neither true nor false"
FIRST_AFTER_LAST = "first_at after created_at"
SELF_BLOCK = "blocks itself"
SELF_MUTE = "mutes itself"
SELF_FOLLOW = "follows itself"
BAD_TAGS = "unusable tags"
BAD_URLS = "unusable image_urls"
BAD_LANGUAGE = "unusable language"

OLDEST = datetime(1970, 1, 1, tzinfo=UTC)  # an earlier time is some program's null value, such as the year 1
_KINDS = frozenset(kind.value for kind in InteractionKind)
_FLAGS = {"true": "true", "t": "true", "1": "true", "false": "false", "f": "false", "0": "false"}
_SHOWN = 60  # characters of a wrong value in a message


class BadRow(ValueError):
    """A row that is rejected; `reason` is one of this module's codes, the message says got and expected."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def check_user(values: Sequence[Value]) -> Row:
    """id, created_at, suspended."""
    user_id, created_at, suspended = values
    return _id("id", user_id), _time("created_at", created_at), _flag("suspended", suspended)


def check_post(values: Sequence[Value]) -> Row:
    """The columns of a post; no caption and no image are allowed."""
    return tuple(check(column, value) for (column, check), value in zip(_POST_CHECKS, values, strict=True))


def check_interaction(values: Sequence[Value]) -> Row:
    """user_id, post_id, kind, created_at, event_id, first_at; times ahead of now stay, since the jobs clamp them."""
    user_id, post_id, kind, created_at, event_id, first_at = values
    if kind not in _KINDS:
        _refuse_kind(kind)
    last = _time("created_at", created_at)
    return (
        _id("user_id", user_id),
        _id("post_id", post_id),
        str(kind),
        last,
        None if event_id is None else _id("event_id", event_id),
        None if first_at is None else _first_time(first_at, last),
    )


def check_block(values: Sequence[Value]) -> Row:
    """user_id, blocked_user_id, created_at."""
    user_id, blocked, created_at = values
    row = _id("user_id", user_id), _id("blocked_user_id", blocked), _time("created_at", created_at)
    if row[0] == row[1]:
        raise BadRow(SELF_BLOCK, f"user {_shown(user_id)} blocks itself")
    return row


def check_mute(values: Sequence[Value]) -> Row:
    """user_id, muted_user_id, created_at, expires_at."""
    user_id, muted, created_at, expires_at = values
    row = (
        _id("user_id", user_id),
        _id("muted_user_id", muted),
        _time("created_at", created_at),
        _time_or_none("expires_at", expires_at),
    )
    if row[0] == row[1]:
        raise BadRow(SELF_MUTE, f"user {_shown(user_id)} mutes itself")
    return row


def check_follow(values: Sequence[Value]) -> Row:
    """user_id, author_id, created_at."""
    user_id, author_id, created_at = values
    row = _id("user_id", user_id), _id("author_id", author_id), _time("created_at", created_at)
    if row[0] == row[1]:
        raise BadRow(SELF_FOLLOW, f"user {_shown(user_id)} follows itself")
    return row


CHECKS: Mapping[str, Callable[[Sequence[Value]], Row]] = {
    "users": check_user,
    "posts": check_post,
    "interactions": check_interaction,
    "blocks": check_block,
    "mutes": check_mute,
    "follows": check_follow,
}


def _id(column: str, value: Value) -> str:
    if isinstance(value, str) and is_usable_id(value):
        return value
    text = _text(column, value)
    if text is None:
        raise BadRow(MISSING, f"{column}: got nothing, expected an id")
    got = f"{len(text)} characters" if len(text) > MAX_ID_LENGTH else _shown(text)
    raise BadRow(BAD_ID, f"{column}: got {got}, expected {ID_RULE}")


def _text(column: str, value: Value) -> str | None:
    if value is None:
        return None
    text = str(value)
    if "\0" in text:
        raise BadRow(NUL, f"{column}: got {_shown(text)}, expected text without NUL characters")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:  # the reader turns invalid UTF-8 into lone surrogates
            expected = "expected UTF-8; of a file in Latin-1, `iconv -f ISO-8859-1 -t UTF-8` makes one"
            raise BadRow(NOT_UTF8, f"{column}: got {_shown(text)}, {expected}") from None
    return text


def _photo(column: str, value: Value) -> str | None:
    text = _text(column, value)
    if text is not None and not is_photo_reference(text):
        raise BadRow(BAD_URL, f"{column}: got {_shown(text)}, expected {PHOTO_RULE}")
    return text


def _photos(column: str, value: Value) -> str | None:
    """Addresses of photos as a JSON array; addresses hold commas."""
    text = _text(column, value)
    if text is None:
        return None
    try:
        photos = json.loads(text)
    except (ValueError, RecursionError):
        photos = None
    is_list = isinstance(photos, list) and len(photos) <= MAX_PHOTOS
    if not is_list or not all(isinstance(each, str) and each and is_photo_reference(each) for each in photos):
        expected = f"expected a JSON array of up to {MAX_PHOTOS}, each {PHOTO_RULE}"
        raise BadRow(BAD_URLS, f"{column}: got {_shown(text)}, {expected}")
    return json.dumps(photos, ensure_ascii=False)


def _tags(column: str, value: Value) -> str | None:
    """Tags as a JSON array: they come as one, or separated by commas."""
    text = _text(column, value)
    if text is None:
        return None
    expected = f"expected up to {MAX_TAGS} tags of up to {MAX_WORD} characters, separated by commas or as a JSON array"
    try:
        tags = json.loads(text) if text.lstrip().startswith("[") else text.split(",")
    except (ValueError, RecursionError):
        raise BadRow(BAD_TAGS, f"{column}: got {_shown(text)}, {expected}") from None
    if not all(isinstance(tag, str) and "\0" not in tag for tag in tags):
        raise BadRow(BAD_TAGS, f"{column}: got {_shown(text)}, {expected}")
    known = [tag.strip() for tag in tags if folded_tag(tag)]
    if len(known) > MAX_TAGS or any(max(len(tag), len(folded(tag))) > MAX_WORD for tag in known):
        raise BadRow(BAD_TAGS, f"{column}: got {_shown(text)}, {expected}")
    return json.dumps(known, ensure_ascii=False)


def _language(column: str, value: Value) -> str | None:
    text = _text(column, value)
    if text is not None and not IS_LANGUAGE.fullmatch(text.strip().lower()):
        raise BadRow(BAD_LANGUAGE, f"{column}: got {_shown(text)}, expected a BCP 47 tag such as pt-BR, or nothing")
    return None if text is None else text.strip()


def _time_or_none(column: str, value: Value) -> str | None:
    return None if value is None else _time(column, value)


def _first_time(value: Value, last: str) -> str:
    first = _time("first_at", value)
    if datetime.fromisoformat(first) > datetime.fromisoformat(last):
        raise BadRow(FIRST_AFTER_LAST, f"first_at: got {_shown(first)}, expected no later than created_at, {last}")
    return first


def _flag(column: str, value: Value) -> str | None:
    text = _text(column, value)
    if text is None:
        return None
    if (flag := _FLAGS.get(text.strip().lower())) is None:
        raise BadRow(BAD_FLAG, f"{column}: got {_shown(text)}, expected true or false, or nothing")
    return flag


def _refuse_kind(value: Value) -> None:
    text = _text("kind", value)
    expected = f"expected one of {', '.join(InteractionKind)}"
    if text is None:
        raise BadRow(MISSING, f"kind: got nothing, {expected}")
    raise BadRow(UNKNOWN_KIND, f"kind: got {_shown(text)}, {expected}")


def _time(column: str, value: Value) -> str:
    expected = "expected a time with its zone, such as 2026-01-31T12:00:00Z"
    if value is None:
        raise BadRow(MISSING, f"{column}: got nothing, {expected}")
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else OLDEST + timedelta(microseconds=value)
        if at.tzinfo is None:
            raise BadRow(NO_ZONE, f"{column}: got {_shown(value)}, {expected}")
        if at >= OLDEST:
            return at.astimezone(UTC).isoformat()
    except BadRow:
        raise
    except ValueError:
        text = _text(column, value)
        raise BadRow(BAD_TIME, f"{column}: got {_shown(text)}, {expected}") from None
    except OverflowError:  # Python's years are 1 to 9999
        pass
    raise BadRow(BAD_TIME, f"{column}: got {_shown(value)}, expected a time since 1970, up to the year 9999 in UTC")


# Columns of posts that hold more than text.
_CHECKED: Mapping[str, Callable[[str, Value], str | None]] = {
    "id": _id, "author_id": _id, "image_url": _photo, "created_at": _time, "deleted_at": _time_or_none,
    "tags": _tags, "language": _language, "sensitive": _flag, "image_urls": _photos,
}  # fmt: skip
_POST_CHECKS = tuple((column, _CHECKED.get(column, _text)) for column in COLUMNS["posts"])


def _shown(value: Value) -> str:
    text = str(value)
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
