"""The descriptions of error answers in the OpenAPI document."""

from typing import Any

UNREADABLE = "the body cannot be read; expected JSON in UTF-8"
Documented = dict[int | str, dict[str, Any]]

PROBLEMS: Documented = {
    400: {"description": "the cursor is not one that this service gave to this user"},
    401: {"description": "no token, or a wrong or expired one"},
    403: {"description": "the token is another user's"},
    422: {"description": "the request is not what this route takes"},
}
UNKNOWN_POST: Documented = {404: {"description": "there is no post of this id that the caller may see"}}
TOO_LARGE: Documented = {
    400: {"description": "the body is no JSON, or too deep"},
    413: {"description": "the body is larger than this route takes"},
}
BROKEN: Documented = {500: {"description": "one of your relations cannot be read; `detail` says which; do not repeat"}}
DOWN: Documented = {503: {"description": "PostgreSQL does not answer"}}
UNAVAILABLE: Documented = {503: {"description": "PostgreSQL does not answer; nothing was changed"}}
