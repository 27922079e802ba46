"""The small world of the flow tests, in our own tables and behind a team's views."""

from dataclasses import replace

import pytest

from tests.flow.conftest import (
    copied_database,
    deployment,
    fragile_deployment,
    migrated_template,
    ranked_deployment,
    ranked_template,
    second_valkey,
)
from tests.flow.deployment import Deployment
from tests.traces import make_views

__all__ = [
    "copied_database", "deployment", "fragile_deployment", "migrated_template", "ranked_deployment",
    "ranked_template", "second_valkey",
]  # fmt: skip


@pytest.fixture(params=["own tables", "views"])
def either_deployment(request: pytest.FixtureRequest, deployment: Deployment) -> Deployment:
    """The ranked world in each of the data modes."""
    if request.param == "views":
        make_views(deployment)
        deployment = replace(deployment, source_schema="team")
    deployment.run_heuristic()
    return deployment
