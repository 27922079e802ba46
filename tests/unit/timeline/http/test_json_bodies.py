"""What is refused of a body before it is parsed, whatever its strings contain: depth, and what others call no JSON."""

import json
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timeline.http.json_bodies import MAX_DEPTH, MAX_DIGITS, fault_of, parse


def said_of(body: bytes) -> str:
    """What is wrong with a body, as its sender is told; nothing if the parser decides."""
    fault = fault_of(body)
    return "" if fault is None else f"{fault.status} {fault.slug} {fault.detail}"


def is_too_deep(body: bytes) -> bool:
    return said_of(body).startswith("400 body-too-deep")


def test_the_bound_is_allowed_and_one_more_is_not() -> None:
    assert not is_too_deep(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    assert is_too_deep(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


@pytest.mark.parametrize("text", ["[" * 100, '\\"' + "{" * 100, '"' + "[" * 100, "\\", '\\\\"[[' * 50, "\n[" * 50])
def test_brackets_in_strings_do_not_count(text: str) -> None:
    assert said_of(json.dumps([{text: text}]).encode()) == ""


@pytest.mark.parametrize("body", [b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b'["a\\"b", ' * 10_000])
def test_depth_is_measured_behind_strings_and_in_broken_json(body: bytes) -> None:
    assert is_too_deep(body)


def test_brackets_side_by_side_are_not_deep() -> None:
    assert said_of(b"[" + b"{}," * 100_000 + b"{}]") == ""


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("body", ["{}", "[{}]", '{{"a": {}}}', '{{"a\\"": [1, {}]}}', '["NaN", {}]'])
def test_what_is_no_number_in_json_is_named(name: str, body: str) -> None:
    assert said_of(body.format(name).encode()).startswith(
        f"422 invalid-request body: got {name}, expected JSON (RFC 8259)"
    )


@pytest.mark.parametrize("text", ["NaN", "Infinity", '\\"NaN', "[NaN]", "9" * (MAX_DIGITS + 1)])
def test_in_a_string_it_is_text(text: str) -> None:
    assert said_of(json.dumps([text, {text: text}]).encode()) == ""


LONG = "9" * (MAX_DIGITS + 1)


@pytest.mark.parametrize(
    "body", [LONG, f"-{LONG}", f"[{LONG}]", f'{{"a": -{LONG}}}', f'["1.5", 2, {LONG}, 3]', "7" * 900_000]
)
def test_an_integer_that_python_refuses_is_named(body: str) -> None:
    with pytest.raises(ValueError, match="4300 digits"):
        json.loads(body)
    assert (
        said_of(body.encode()) == "422 invalid-request body: got an integer of more than 4,300 digits, expected fewer"
    )


@pytest.mark.parametrize(
    "body",
    ["9" * MAX_DIGITS, f"0.{LONG}", f"{LONG}.5", f"1e{LONG}", f"1E-{LONG}", f"1e+{LONG}", f"{LONG}e1",
     "[1, 2, " + "3, " * 9_000 + "4]"],
)  # fmt: skip
def test_a_number_that_python_reads_is_none_of_our_business(body: str) -> None:
    json.loads(body)
    assert said_of(body.encode()) == ""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_json_is_utf_8(encoding: str) -> None:
    assert said_of('[{"a": NaN}]'.encode(encoding)) == "400 bad-request the body cannot be read; expected JSON in UTF-8"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf_8_is_taken_with_and_without_its_mark(encoding: str) -> None:
    assert said_of('[{"ä": "\u3042"}]'.encode(encoding)) == ""


@pytest.mark.parametrize(
    "body",
    [
        b'"' * 999_999,
        b"\\" * 1_000_000,
        b'"\\' * 500_000,
        b"a" * 1_000_000,
        b"9" * 1_000_000,
        b"9." * 500_000,
        b"-9e" * 300_000,
    ],
)
def test_no_body_takes_long(body: bytes) -> None:
    begun = time.monotonic()
    fault_of(body)
    assert time.monotonic() - begun < 2


# --- the fast path's parser -------------------------------------------------------------------------------------------

EVENT = {"user_id": "u", "post_id": "p", "kind": "like"}
BODIES = [
    "[]",
    "{}",
    "null",
    " [ ] ",
    "[1]",
    "[[]]",
    "[{}]",
    "[[],{}]",
    '[{"a": []}]',
    '[{"a": {}}]',
    '["[", "{"]',
    "[",
    "]",
    "",
    '"a"',
    json.dumps([EVENT, EVENT | {"event_id": "["}, 7]),
    json.dumps([EVENT | {"user_id": "\ud800"}]),
    '[{"a": 1, "a": 2}]',
    '[{"a": "\t"}]',
    '[{"a": "\n"}]',
    '[{"a": "\x00"}]',
    '[{"a": "\x7f"}]',
    '[{"a": "\\u0000"}]',
    '[{"a": 01}]',
    '[{"a": 1.}]',
    '[{"a": +1}]',
    '[{"a": 1e999}]',
    '[{"a": -0}]',
    '[{"a": 123456789012345678901234567890}]',
    '[{"a": .5}]',
    '[{"a": "\\x"}]',
    "[{'a': 1}]",
    '[{"a": 1,}]',
    "[{},]",
    '[{"a"}]',
    "[{}] x",
    "[{}]\n",
    "[{}]\x0b",
    "\ufeff[{}]",
    "[NaN]",
    "[-Infinity]",
    "[" + "9" * 5000 + "]",
    "[" * 16 + "]" * 16,
    "[" * 17 + "]" * 17,
    "[" * 5000 + "]" * 5000,
    '[5, 5, 5, {"a": {"b": {}}}]',
    "[" + "5, " * 20 + '{"a": ' * 21 + "1" + "}" * 21 + "]",  # as many objects as items, and all in one
    "[tru]",
    "[true, false, null]",
    '[{"\\ud83d\\ude00": "\\ud83d\\ude00"}]',
    '[{"\\ud83d": 1}]',
    '[{"a": "é家"}]',
]


def as_the_routes_read(body: bytes) -> object:
    if fault_of(body):
        raise ValueError("refused")
    return json.loads(body)


def outcome(read: Callable[[bytes], object], body: bytes) -> str:
    """What a parser makes of a body, and whether it is JSON at all."""
    try:
        return repr(read(body))
    except ValueError:
        return "refused"


def agrees(body: bytes) -> bool:
    """Numbers count for nothing in an event, so that it does not matter how large ones are read."""
    return re.sub(r"\binf\b|\d+\.\d+e\+\d+|\d{20,}", "0", outcome(parse, body)) == re.sub(
        r"\binf\b|\d+\.\d+e\+\d+|\d{20,}", "0", outcome(as_the_routes_read, body)
    )


@pytest.mark.parametrize("body", BODIES)
def test_both_ways_read_the_same(body: str) -> None:
    assert agrees(body.encode(errors="surrogatepass"))


@pytest.mark.parametrize(
    "body", [b'[{"a": "\xff"}]', b"\xff", b'[{"a": "\xed\xa0\x80"}]', b'[{"\xc3": 1}]', b'[{"a": "\xc0\x80"}]']
)
def test_both_ways_read_the_same_bytes(body: bytes) -> None:
    assert agrees(body)


PIECES = [
    '"',
    "\\",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    "1",
    "-",
    "e",
    ".",
    " ",
    "\t",
    "\x01",
    "\ud800",
    "é",
    "null",
    "NaN",
    "u0041",
    '"a"',
    '{"a": 1}',
]


@settings(max_examples=400, deadline=None)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=12))
def test_both_ways_read_the_same_of_anything(pieces: list[str]) -> None:
    for text in (
        "".join(pieces),
        f"[{''.join(pieces)}]",
        f'[{{"a": {"".join(pieces)}}}]',
        f'[{{"a": "{"".join(pieces)}"}}]',
    ):
        assert agrees(text.encode(errors="surrogatepass")), text
