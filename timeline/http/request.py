"""A request's head, once the parser has it whole: what RFC 9112 has a server refuse, and where it goes. Pure."""

import re

from msgspec import Struct

from timeline.http.limits import MAX_HEADERS
from timeline.http.refusal import Refused

MAX_TARGET = 4_096  # bytes of path and query: two ids of the longest kind, each byte of them escaped, have some 3,200
MAX_FIELDS = 100  # header lines; each costs ten times its bytes in memory
VERSIONS = frozenset({"1.0", "1.1"})
_ABSOLUTE = re.compile(rb"(?i)https?://[^/?]*(.*)", re.DOTALL)
_NOT_ASCII = re.compile(rb"[^!-~]")


class Request(Struct, kw_only=True, gc=False):
    """What stands in a head. Names of headers are in lower case."""

    method: bytes
    version: str
    path: bytes  # as it was sent, with its escapes
    query: bytes | None  # None: the target has no question mark
    headers: list[tuple[bytes, bytes]]
    fields: dict[bytes, bytes]  # the last header of each name
    body_bytes: int | None  # None: nobody knows yet, for it comes in chunks

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for a word before it sends the body."""
        return self.version == "1.1" and self.fields.get(b"expect", b"").lower() == b"100-continue"


def request_of(method: bytes, version: str, target: bytes, headers: list[tuple[bytes, bytes]]) -> Request:
    """A request out of what the parser found.

    Raises:
        Refused: HTTP does not allow it, or its head is too large.
    """
    if version not in VERSIONS:
        raise Refused(505, "version-not-supported", "expected HTTP/1.0 or HTTP/1.1")
    if len(target) > MAX_TARGET:
        raise Refused(431, "headers-too-large", f"target: expected at most {MAX_TARGET} bytes")
    fields = dict(headers)
    if len(target) + sum(len(name) + len(value) for name, value in headers) > MAX_HEADERS or len(headers) > MAX_FIELDS:
        raise TOO_LARGE
    if len(fields) < len(headers):
        _require_once(headers, b"host", b"authorization", b"transfer-encoding")
    if version == "1.1" and b"host" not in fields:
        raise Refused(400, "bad-request", "Host: got none, expected one")
    coding = fields.get(b"transfer-encoding")
    if coding is not None and (coding.lower() != b"chunked" or version == "1.0"):
        raise Refused(400, "bad-request", "Transfer-Encoding: expected chunked, alone, in HTTP/1.1")
    path, question_mark, query = _without_host(method, target).partition(b"?")
    return Request(
        method=method, version=version, path=path, query=query if question_mark else None, headers=headers,
        fields=fields, body_bytes=None if coding else int(fields.get(b"content-length", 0)),
    )  # fmt: skip


TOO_LARGE = Refused(
    431, "headers-too-large", f"path and headers: expected at most {MAX_HEADERS} bytes and {MAX_FIELDS} headers"
)


def _require_once(headers: list[tuple[bytes, bytes]], *names: bytes) -> None:
    given = [name for name, _ in headers]
    for name in names:
        if given.count(name) > 1:
            raise Refused(400, "bad-request", f"{name.decode().title()}: got several, expected one")


def _without_host(method: bytes, target: bytes) -> bytes:
    """The path and query of a target. A fragment would be cut off, and the path be another one."""
    if b"#" in target or _NOT_ASCII.search(target):
        raise Refused(400, "bad-request", "target: expected ASCII without a fragment; # in an id is %23")
    if target.startswith(b"/") or (target == b"*" and method == b"OPTIONS"):
        return target
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        raise Refused(400, "bad-request", "target: expected a path that begins with /")
    rest = absolute[1]
    return rest if rest.startswith(b"/") else b"/" + rest
