"""What the connection itself answers, before any app: a problem as bytes, after which the connection ends."""

from functools import lru_cache

from timeline.http.problems import problem_response
from timeline.http.security_headers import LINES


class Refused(Exception):
    """A request that is answered here: its status, the problem's slug, and what to do."""

    def __init__(self, status: int, slug: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.slug, self.detail = status, slug, detail


@lru_cache(64)  # their texts are ours
def refusal(status: int, slug: str, detail: str) -> tuple[bytes, bytes]:
    """An answer's head without its last lines, and its body."""
    response = problem_response(status, slug, detail)
    head = b"".join(b"%b: %b\r\n" % header for header in response.raw_headers)
    return head + LINES, bytes(response.body)
