"""The findings of `warmline doctor`: their kinds, order and layout."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import IntEnum
from typing import Any

from rich.console import Console
from rich.text import Text

from shared.domain import MAX_ID_LENGTH, is_usable_id
from shared.text.printable import printable
from warmline.screen import clipped, number_of, print_hanging

EXAMPLE = 60  # characters of an example
WIDE = 60  # columns of a terminal from which on findings are indented beside their severity
WIDE_INDENT, NARROW_INDENT = 9, 2


class Severity(IntEnum):
    """The severity of a finding; a problem makes the exit code 1."""

    PROBLEM = 0
    HINT = 1
    GOOD = 2


_STYLES = {Severity.PROBLEM: "bold red", Severity.HINT: "yellow", Severity.GOOD: "green"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One result of a check."""

    severity: Severity
    where: str  # relation.column, or the system
    got: str
    expected: str = ""
    todo: str = ""
    examples: tuple[str, ...] = ()


def problem(where: str, got: str, *, expected: str, todo: str, examples: Sequence[str] = ()) -> Finding:
    """A finding that makes Warmline rank wrongly, or not at all."""
    return Finding(
        severity=Severity.PROBLEM, where=where, got=got, expected=expected, todo=todo, examples=tuple(examples)
    )


def hint(where: str, got: str, *, expected: str, todo: str, examples: Sequence[str] = ()) -> Finding:
    """A finding that may be intended, or that will matter later."""
    return Finding(severity=Severity.HINT, where=where, got=got, expected=expected, todo=todo, examples=tuple(examples))


def good(where: str, got: str) -> Finding:
    """A check without objections."""
    return Finding(severity=Severity.GOOD, where=where, got=got)


def too_slow(where: str, seconds: float) -> Finding:
    """A query that was cancelled to protect a live database."""
    return hint(
        where,
        f"no answer within {seconds:g} s, so this was not checked",
        expected="an answer in time",
        todo="see to the indexes first, or ask again when the database is quiet",
    )


def unanswered(error: Exception) -> Finding:
    """PostgreSQL does not answer, or refuses."""
    return problem("PostgreSQL", str(error), expected="an answer", todo="see to what it says there")


def has_problem(findings: Iterable[Finding]) -> bool:
    """Whether the exit code is 1."""
    return any(each.severity is Severity.PROBLEM for each in findings)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Problems first, otherwise in the order in which they were found."""
    return sorted(findings, key=lambda each: each.severity)


def merge_repeats(findings: Iterable[Finding]) -> list[Finding]:
    """For a person: equal findings about several columns become one that names them all."""
    alike: dict[Finding, list[str]] = {}
    for each in findings:
        alike.setdefault(replace(each, where=""), []).append(each.where)
    return [replace(each, where=", ".join(dict.fromkeys(places))) for each, places in alike.items()]


def as_dict(finding: Finding) -> dict[str, Any]:
    """A finding for a script."""
    return {**asdict(finding), "severity": finding.severity.name.lower()}


def show(finding: Finding, console: Console) -> None:
    """Show a finding to a person: what was got, then what was expected and what to do."""
    head = Text(f"{finding.severity.name.lower():8} ", style=_STYLES[finding.severity])
    head.append(f"{printable(finding.where)}: ", style="bold").append(printable(finding.got), style="default")
    lines = [f"expected {finding.expected}" if finding.expected else "", f"→ {finding.todo}" if finding.todo else ""]
    if finding.examples:
        lines.append("such as " + ", ".join(clipped(_named(each), EXAMPLE) for each in finding.examples))
    indent = WIDE_INDENT if console.width >= WIDE else NARROW_INDENT
    print_hanging(head, console, first=0, further=indent)
    for line in filter(None, lines):
        print_hanging(Text(printable(line)), console, first=indent, further=indent)


def _named(example: str) -> str:
    """An example such that its fault is visible: in quotes if it is blank or has blanks at its ends."""
    return printable(example) if is_usable_id(example[:MAX_ID_LENGTH]) else printable(repr(example))


def summary(findings: Sequence[Finding]) -> str:
    """How many of each severity."""
    number = counts(findings)
    return f"{number_of(number['problem'], 'problem')}, {number_of(number['hint'], 'hint')}, {number['good']} good"


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """How many of each severity, for a script."""
    found = Counter(each.severity for each in findings)
    return {severity.name.lower(): found[severity] for severity in Severity}
