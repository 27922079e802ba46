"""The depth of a body, whatever its strings contain."""

import json
import time

import pytest

from timeline.http.limits import MAX_DEPTH, is_too_deep


def test_the_bound_is_allowed_and_one_more_is_not() -> None:
    assert not is_too_deep(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    assert is_too_deep(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


@pytest.mark.parametrize("text", ["[" * 100, '\\"' + "{" * 100, '"' + "[" * 100, "\\", '\\\\"[[' * 50, "\n[" * 50])
def test_brackets_in_strings_do_not_count(text: str) -> None:
    assert not is_too_deep(json.dumps([{text: text}]).encode())


@pytest.mark.parametrize("body", [b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b'["a\\"b", ' * 10_000])
def test_depth_is_measured_behind_strings_and_in_broken_json(body: bytes) -> None:
    assert is_too_deep(body)


def test_brackets_side_by_side_are_not_deep() -> None:
    assert not is_too_deep(b"[" + b"{}," * 100_000 + b"{}]")


@pytest.mark.parametrize("body", [b'"' * 999_999, b"\\" * 1_000_000, b'"\\' * 500_000, b"a" * 1_000_000])
def test_no_body_takes_long(body: bytes) -> None:
    begun = time.monotonic()
    is_too_deep(body)
    assert time.monotonic() - begun < 2
