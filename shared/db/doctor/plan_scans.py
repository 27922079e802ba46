"""Reads PostgreSQL's plans for `warmline doctor`: which tables are read completely, and which index would avoid that.

The plans come from `EXPLAIN (VERBOSE, FORMAT JSON)`, in which every column has its table's alias. Pure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Node = Mapping[str, Any]
_NAME = r'(?:"(?:[^"]|"")+"|[a-z_][\w$]*)'
_REFERENCE = re.compile(rf"(?<![\w$\".:'])({_NAME})\.{_NAME}(?![\w$(\"])")
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_COMPARISON = re.compile(r" (?:=|>=|<=|>|<) ")
_JOINS = ("Hash Cond", "Merge Cond", "Join Filter", "Filter")
_WHOLE = ("Seq Scan", "Index Scan", "Index Only Scan")
_ELSEWHERE = ("Foreign Scan", "Function Scan", "Custom Scan")


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeScan:
    """A table that is read completely, directly or through an index that does not narrow the scan.

    Attributes:
        schema: of the table.
        table: its name without the schema.
        expression: what an index must be on, without the alias; empty if no index would help.
        step: PostgreSQL's name of the step above the tables that tests the condition, if there is one (DISTINCT, a
            window, an aggregate, VALUES); such a condition cannot use a table's index.
    """

    schema: str
    table: str
    expression: str = ""
    step: str = ""


def whole_scans(plan: Node, mark: str) -> list[WholeScan]:
    """Every table that a plan reads completely although the query needs few rows.

    Args:
        plan: the root of a plan with a high cost for sequential scans (and for all joins but nested loops).
        mark: a part of the looked-up value that occurs nowhere else.
    """
    nodes = list(_nodes(plan, ()))
    found = [scan for node, above in nodes for scan in [_whole_scan(node, above, mark)] if scan]
    step = next((node["Node Type"] for node, _ in nodes if _tests_above_tables(node, mark)), "")
    if step:
        found = [scan for scan in found if scan.expression]
        found += [
            WholeScan(schema=node.get("Schema", ""), table=node["Relation Name"], step=step)
            for node, _ in nodes
            if node["Node Type"] in _WHOLE and "Index Cond" not in node and mark not in node.get("Filter", "")
        ]
    return list(dict.fromkeys(found))


def _tests_above_tables(node: Node, mark: str) -> bool:
    tested = mark in node.get("Filter", "") or mark in node.get("Join Filter", "")
    return tested and "Relation Name" not in node and node["Node Type"] not in _ELSEWHERE


def shows_indexes(plan: Node) -> bool:
    """Whether all rows come from tables with indexes that PostgreSQL knows; not so for a foreign table."""
    return not any(node["Node Type"] in _ELSEWHERE for node, _ in _nodes(plan, ()))


def _nodes(node: Node, above: tuple[Node, ...]) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    yield node, above
    for child in node.get("Plans", ()):
        yield from _nodes(child, (*above, node))


def _whole_scan(node: Node, above: Sequence[Node], mark: str) -> WholeScan | None:
    tested = node.get("Filter", "")
    if "Relation Name" not in node or node["Node Type"] in _ELSEWHERE:
        return None
    table = {"schema": node.get("Schema", ""), "table": node["Relation Name"]}
    alias = node.get("Alias", node["Relation Name"])
    if mark in tested:
        return WholeScan(**table, expression=_compared(tested, alias, mark))
    if node["Node Type"] != "Seq Scan":
        return None
    conditions = [tested, *(step.get(kind, "") for step in reversed(above) for kind in _JOINS)]
    joined = (_compared(condition, alias, None) for condition in conditions)
    return WholeScan(**table, expression=next(filter(None, joined), ""))


def _compared(condition: str, alias: str, mark: str | None) -> str:
    """The side of a comparison that uses only this table, compared with our value or (without a mark) another table."""
    for part in _conjuncts(condition):
        sides = _sides(part)
        if len(sides) != 2 or (mark is not None and mark not in part):
            continue
        for own, other in (sides, sides[::-1]):
            compares = mark in other if mark is not None else bool(_aliases(other) - {alias} or "$" in other)
            if _aliases(own) == {alias} and alias not in _aliases(other) and compares:
                return _without_alias(without_brackets(own), alias)
    return ""


def _conjuncts(condition: str) -> list[str]:
    """`((a = 1) AND (b = 2))` becomes its two parts without brackets; anything else is one part."""
    inner = without_brackets(condition)
    return [without_brackets(part) for part in _split(inner, re.compile(r" AND "))] if inner else []


def _sides(comparison: str) -> list[str]:
    return _split(comparison, _COMPARISON)


def _split(text: str, separator: re.Pattern[str]) -> list[str]:
    """The text, split at separators outside of brackets and quotes."""
    parts, start, depth, position, quote = [], 0, 0, 0, ""
    while position < len(text):
        mark = text[position]
        if quote:
            quote = "" if mark == quote else quote
        elif mark in "'\"":
            quote = mark
        elif mark in "()":
            depth += 1 if mark == "(" else -1
        elif depth == 0 and (found := separator.match(text, position)):
            parts.append(text[start:position])
            start = position = found.end()
            continue
        position += 1
    return [*parts, text[start:]]


def without_brackets(text: str) -> str:
    """The text without brackets around the whole of it: `((a))` becomes `a`, `(a)::text` stays."""
    text = text.strip()
    while text.startswith("(") and text.endswith(")") and _closes_at_the_end(text):
        text = text[1:-1].strip()
    return text


def _closes_at_the_end(text: str) -> bool:
    depth = 0
    for position, mark in enumerate(_LITERAL.sub(lambda literal: "x" * len(literal[0]), text)):
        depth += {"(": 1, ")": -1}.get(mark, 0)
        if depth == 0:
            return position == len(text) - 1
    return False


def _aliases(expression: str) -> set[str]:
    return {name.strip('"') for name in _REFERENCE.findall(_LITERAL.sub("''", expression))}


def _without_alias(expression: str, alias: str) -> str:
    quoted = alias.replace('"', '""')
    prefix = re.compile(rf"(?<![\w$\".'])(?:{re.escape(alias)}|\"{re.escape(quoted)}\")\.(?={_NAME})")
    return prefix.sub("", expression)
