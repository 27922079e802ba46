"""What to write in a view for a column that is missing or has a type that the contract does not allow. Pure.

Most cures read `write EXPRESSION AS COLUMN`, where the column stands for its source in the view.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision")
TEXTS = ("text", "character varying", "citext", "character")
DOCUMENTS = ("json", "jsonb")
TIMES = ("created_at", "deleted_at", "first_at", "expires_at")
FLAGS = ("suspended", "sensitive")
LISTS = ("tags", "image_urls")
# Below each bound, a number in this unit is a time before the year 5100.
_UNITS = ((1e11, "", "seconds"), (1e14, " / 1000.0", "milliseconds"), (1e17, " / 1000000.0", "microseconds"))
_ZONE = re.compile(r"(Z|[+-]\d\d(:?\d\d)?)$", re.IGNORECASE)
_LIKELY_KEYS = ("url", "src", "path", "text", "id")
_ABSENT = {
    "caption": ("''::text", "where posts have no caption"),
    "image_url": ("NULL::text", "where posts have no photo"),
    "deleted_at": ("NULL::timestamptz", "where deleted posts leave the table"),
    "kind": ("'like'::text", "or whatever kind of event these rows are"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnType:
    """A column's type in PostgreSQL."""

    name: str  # without length or precision; of a domain its own name
    is_enum: bool = False
    may_be_read: bool = True

    def __str__(self) -> str:
        return f"the enum {self.name}" if self.is_enum else self.name


def cure_absent(relation: str, column: str) -> str:
    """For a missing column."""
    if (relation, column) == ("blocks", "created_at"):
        return "write NULL::timestamptz AS created_at, where blocks have no time"
    expression, remark = _ABSENT.get(column, ("", ""))
    return f"write {expression} AS {column}, {remark}" if expression else "add it to the view"


def cure_type(column: str, got: ColumnType, value: Any = None) -> str:
    """For a column of a type that the contract does not allow.

    Args:
        column: of the view.
        got: its type.
        value: an example (the largest one of numbers), which shows its unit and form; None: there is none.
    """
    if column in TIMES:
        return _write(column, *_time(column, got.name, value))
    if column in FLAGS:
        return _write(column, *_flag(column, got.name))
    if column in LISTS:
        return _write(column, *_list(column, got.name))
    return _write(column, *_text(column, got.name, value))


def _write(column: str, expression: str, remark: str = "") -> str:
    if not expression:
        return remark
    return f"write {expression} AS {column}" + (f" ({remark})" if remark else "")


def _time(column: str, name: str, value: Any) -> tuple[str, str]:
    zone = "with the zone that your app writes in, if that is not UTC"
    if name == "timestamp without time zone":
        return f"{column} AT TIME ZONE 'UTC'", zone
    if name == "date":
        return f"{column}::timestamp AT TIME ZONE 'UTC'", zone
    if name in NUMBERS:
        return _seconds(column, value)
    if name == "boolean" and column == "deleted_at":
        return f"CASE WHEN {column} THEN now() END", "better the time when it went, where you keep one"
    if name in TEXTS:
        if value is None or _ZONE.search(str(value).strip()):
            return f"{column}::timestamptz", "each text must name its zone; no index can serve that"
        return f"{column}::timestamp AT TIME ZONE 'UTC'", zone
    return "", "take another column for it: one that holds a time"


def _seconds(column: str, value: Any) -> tuple[str, str]:
    # For posts that are not deleted, this column often holds 0.
    number = f"nullif({column}, 0)" if column == "deleted_at" else column
    if value is None:
        return f"to_timestamp({number})", "with / 1000.0 inside, if it counts milliseconds"
    for bound, division, unit in _UNITS:
        if abs(float(value)) < bound:
            return f"to_timestamp({number}{division})", f"it counts {unit}"
    return f"to_timestamp({number} / 1000000000.0)", "it counts nanoseconds"


def _flag(column: str, name: str) -> tuple[str, str]:
    if name in NUMBERS:
        return f"({column} <> 0)", ""
    if name in ("timestamp with time zone", "timestamp without time zone", "date"):
        return f"({column} IS NOT NULL)", "or > now(), if it is the time when the suspension ends"
    return f"({column} = '{column}')", "with your own word for it"


def _list(column: str, name: str) -> tuple[str, str]:
    if name.endswith("[]"):
        return f"{column}::text[]", ""
    if name in DOCUMENTS:
        return f"ARRAY(SELECT jsonb_array_elements_text({column}::jsonb))", "where it is an array of texts"
    if name in TEXTS:
        return f"string_to_array({column}, ',')", "with your own separator"
    return "", "take another column for it: one that holds texts"


def _text(column: str, name: str, value: Any) -> tuple[str, str]:
    if name.endswith("[]"):
        if column == "caption":
            return f"array_to_string({column}, ' ')", ""
        return f"{column}[1]::text", "the first element"
    if name in DOCUMENTS:
        path = _path_to_text(value)
        remark = "the first text in it; name another path where that is not the one" if path else ""
        return f"{column} #>> '{{{','.join(path)}}}'", remark
    if name == "bytea":
        return (f"convert_from({column}, 'UTF8')" if column == "caption" else f"encode({column}, 'hex')"), ""
    if column == "kind" and name in NUMBERS:
        return f"CASE {column} WHEN 1 THEN 'view' WHEN 2 THEN 'like' END", "with your own numbers"
    if column == "kind" and name == "boolean":
        return f"CASE WHEN {column} THEN 'like' END", ""
    return f"{column}::text", ""


def _path_to_text(value: Any) -> tuple[str, ...]:
    """The JSON path to the first text in a document; empty if it is itself a text, or unknown."""
    if isinstance(value, list) and value:
        return ("0", *_path_to_text(value[0]))
    if isinstance(value, Mapping):
        usable = [key for key in value if re.fullmatch(r"\w+", key)]
        ranked = sorted(usable, key=lambda key: _LIKELY_KEYS.index(key) if key in _LIKELY_KEYS else len(_LIKELY_KEYS))
        return (ranked[0], *_path_to_text(value[ranked[0]])) if ranked else ()
    return ()
