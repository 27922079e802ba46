"""The OpenAPI document against the app on real stores: every allowed request gets a documented answer, never a 500."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.python import asgi
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from shared.jobs.names import SERVICES
from tests.flow.deployment import ADMIN_TOKEN, API_KEY, Deployment, until_ready
from timeline.app import create_app

EXAMPLES = 12  # valid and invalid ones for each route: about a minute in all
# Routes whose rules no schema can say: a signed cursor, a time since 1970, two users who are not the same, a user
# who was not erased (by this test, some routes before), a word that is more than white space.
BEYOND_SCHEMAS = {"/timeline", "/timeline/{user_id}", "/users/{user_id}", "/posts/{post_id}",
                  "/users/{user_id}/blocks/{blocked_user_id}", "/users/{user_id}/data",
                  "/users/{user_id}/mutes/{muted_user_id}", "/users/{user_id}/follows/{author_id}",
                  "/users/{user_id}/preferences", "/posts/{post_id}/similar"}  # fmt: skip
# One bad event never rejects its batch: it is named in the answer.
LENIENT = {"/interactions"}
# Nothing of a request but its token can be wrong.
WITHOUT_INPUT = {("GET", path) for path in ("/healthz", "/metrics", "/admin/phase", "/admin/status", "/admin/models")}
NOWHERE = Deployment(database_url="postgresql://nobody@127.0.0.1:9/none", redis_url="redis://127.0.0.1:9/0")
ROUTES = [
    (method.upper(), path)
    for path, methods in create_app(NOWHERE.settings()).openapi()["paths"].items()
    for method in methods
    if path != "/readyz"  # its 503 is correct: each call here starts a new timeline that has checked no store yet
]


@pytest.fixture(scope="module")
def document(shared_deployment: Deployment) -> Iterator[Any]:
    """The document of a timeline with its own stores."""
    alive = "INSERT INTO warmline.heartbeats (service, worker, seen_at) VALUES (%s, 'test', now() + interval '1 day')"
    shared_deployment.sql(alive, [(service,) for service in SERVICES.values()])
    with shared_deployment.timeline(env="production") as client:
        until_ready(client)
        # Each request has its token; a case that is bad for lack of one would be a good one.
        config = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})
        yield schemathesis.openapi.from_asgi("/openapi.json", client.app, config=config)
        asgi.shutdown_lifespans()  # it starts the timeline once more, which would run to the end of this process


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_keeps_to_its_document(document: Any, method: str, path: str, mode: GenerationMode) -> None:
    # Without schemathesis' own decorators: they need an older pytest.
    token = ADMIN_TOKEN if path.startswith("/admin") else API_KEY

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=document[path][method].as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case[Any]) -> None:
        spared: list[Any] = [positive_data_acceptance] if path in BEYOND_SCHEMAS else []
        spared += [negative_data_rejection] if path in LENIENT else []
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=spared)

    if mode is GenerationMode.NEGATIVE and (method, path) in WITHOUT_INPUT:
        with pytest.raises(Unsatisfiable):
            send()
    else:
        send()
