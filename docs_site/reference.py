"""Replaces the marks `<!-- generated: NAME -->` in pages."""

import re
from collections.abc import Callable, Mapping

from docs_site.command_reference import make_reference, operator_reference, service_reference
from docs_site.http_reference import problem_reference, route_reference, shape_reference
from docs_site.redis_reference import redis_reference
from docs_site.settings_reference import settings_reference

MARK = re.compile(r"^<!-- generated: ([a-z]+) -->$", re.MULTILINE)
GENERATED: Mapping[str, Callable[[], str]] = {
    "keys": redis_reference,
    "make": make_reference,
    "operator": operator_reference,
    "problems": problem_reference,
    "routes": route_reference,
    "services": service_reference,
    "settings": settings_reference,
    "shapes": shape_reference,
}


def fill_in(page: str) -> str:
    """The page with its marks replaced; an unknown mark is a KeyError."""
    return MARK.sub(lambda mark: GENERATED[mark[1]](), page)
