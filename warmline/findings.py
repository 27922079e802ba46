"""What `warmline doctor` says: findings, their order, and how they look."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any

from rich.console import Console
from rich.text import Text

from warmline.screen import clipped, escaped

EXAMPLE = 60  # characters of an example


class Severity(IntEnum):
    """How much a finding matters; a problem makes the exit code 1."""

    PROBLEM = 0
    HINT = 1
    GOOD = 2


_STYLES = {Severity.PROBLEM: "bold red", Severity.HINT: "yellow", Severity.GOOD: "green"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found out."""

    severity: Severity
    where: str  # relation.column, or the system
    got: str
    expected: str = ""
    todo: str = ""
    examples: Sequence[str] = ()


def problem(where: str, got: str, *, expected: str, todo: str, examples: Sequence[str] = ()) -> Finding:
    """Something that makes Warmline rank wrongly, or not at all."""
    return Finding(
        severity=Severity.PROBLEM, where=where, got=got, expected=expected, todo=todo, examples=tuple(examples)
    )


def hint(where: str, got: str, *, expected: str, todo: str, examples: Sequence[str] = ()) -> Finding:
    """Something that may be meant, or that will matter one day."""
    return Finding(severity=Severity.HINT, where=where, got=got, expected=expected, todo=todo, examples=tuple(examples))


def good(where: str, got: str) -> Finding:
    """Something that was looked at and is as it should be."""
    return Finding(severity=Severity.GOOD, where=where, got=got)


def too_slow(where: str, seconds: float) -> Finding:
    """A question that was given up, so that a live database does not suffer from it."""
    return hint(
        where,
        f"no answer within {seconds:g} s, so this was not checked",
        expected="an answer in time",
        todo="see to the indexes first, or ask again when the database is quiet",
    )


def has_problem(findings: Iterable[Finding]) -> bool:
    """Whether the exit code is 1."""
    return any(each.severity is Severity.PROBLEM for each in findings)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Problems first; otherwise as they were found."""
    return sorted(findings, key=lambda each: each.severity)


def as_dict(finding: Finding) -> dict[str, Any]:
    """A finding for a script."""
    return {**asdict(finding), "severity": finding.severity.name.lower()}


def show(finding: Finding, console: Console) -> None:
    """A finding for a person: what was got, then what was expected and what to do."""
    head = Text(f"{finding.severity.name.lower():8}", style=_STYLES[finding.severity])
    where, got = escaped(f"{finding.where}: "), escaped(finding.got)
    console.print(head.append(where, style="bold").append(got, style="default"), soft_wrap=True)
    if finding.expected:
        console.print(Text(f"         expected {finding.expected}"), soft_wrap=True)
    if finding.todo:
        console.print(Text(f"         → {finding.todo}"), soft_wrap=True)
    if finding.examples:
        named = ", ".join(clipped(each, EXAMPLE) for each in finding.examples)
        console.print(Text(f"         such as {named}"), soft_wrap=True)


def summary(findings: Sequence[Finding]) -> str:
    """How many of each severity."""
    counts = {severity: sum(each.severity is severity for each in findings) for severity in Severity}
    return f"{counts[Severity.PROBLEM]} problems, {counts[Severity.HINT]} hints, {counts[Severity.GOOD]} good"
