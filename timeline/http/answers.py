"""The descriptions of error answers in the OpenAPI document, and which kinds of problems they are."""

from typing import Any

UNREADABLE = "the body cannot be read; expected JSON in UTF-8"
Documented = dict[int | str, dict[str, Any]]
SLUGS = "x-problems"  # in a description, until `timeline.http.problem_shapes` makes schemas of it


def problem(description: str, *slugs: str) -> dict[str, Any]:
    """An error answer: when it is given, and the kinds of problems that it may be."""
    return {"description": description, SLUGS: list(slugs)}


PROBLEMS: Documented = {
    400: problem("the cursor is not one that this service gave to this user", "invalid-cursor"),
    401: problem("no token, or a wrong or expired one", "unauthorized"),
    403: problem("the token is another user's", "another-user"),
    422: problem("the request is not what this route takes", "invalid-request"),
}
UNKNOWN_POST: Documented = {404: problem("there is no post of this id that the caller may see", "unknown-post")}
TOO_LARGE: Documented = {
    400: problem("the body is no JSON, or too deep", "bad-request", "body-too-deep"),
    413: problem("the body is larger than this route takes", "body-too-large"),
}
BROKEN: Documented = {
    500: problem(
        "one of your relations cannot be read; `detail` says which; do not repeat", "relation-broken", "internal"
    )
}
DOWN: Documented = {503: problem("PostgreSQL does not answer", "store-unavailable")}
UNAVAILABLE: Documented = {503: problem("PostgreSQL does not answer; nothing was changed", "store-unavailable")}
