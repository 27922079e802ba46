"""A run that is alive is given up by nobody: what gives up dead ones may look while it is being claimed."""

import pytest

from tests.flow.deployment import COLD, Deployment, ask, eventually
from tests.races.pair import accepted, process, stopped_run

CLAIMS = r"UPDATE warmline.runs SET state='running'"  # the run has its fencing number, and nobody sees it yet


@pytest.mark.parametrize("beside", ["Redis loses its memory", "an erasure"])
def test_a_run_that_is_being_claimed_publishes(ranked_deployment: Deployment, beside: str) -> None:
    deployment = ranked_deployment
    with process(deployment, refresh_seconds=0.1) as one:
        before = _generation(deployment)
        with stopped_run(deployment, CLAIMS, store="postgres") as run:
            if beside == "an erasure":
                accepted(one.now("DELETE", "/users/fan1"))
            else:
                with deployment.redis() as client:
                    client.flushdb()
                    eventually(lambda: bool(client.exists("wl:safety")), "deletions and blocks are back")
            assert run.finish() is None
        assert _generation(deployment) > before
        assert ask(one.client, COLD)["source"] == "heuristic"


def _generation(deployment: Deployment) -> int:
    with deployment.redis() as client:
        published = client.get("wl:published:heuristic")
    assert isinstance(published, bytes)
    return int(published.split(b"|")[0])
