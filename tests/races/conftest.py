"""The small world of the flow tests, in our own tables and behind a team's views."""

from tests.flow.conftest import (
    copied_database,
    deployment,
    either_deployment,
    fragile_deployment,
    migrated_template,
    ranked_deployment,
    ranked_template,
    second_valkey,
    views_template,
)

__all__ = [
    "copied_database", "deployment", "either_deployment", "fragile_deployment", "migrated_template",
    "ranked_deployment", "ranked_template", "second_valkey", "views_template",
]  # fmt: skip
