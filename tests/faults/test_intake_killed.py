"""The timeline and PostgreSQL are killed under a load of events: no acknowledged one is lost, none is stored twice."""

import http.client
import json
import random
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

import pytest

from tests.faults.scenario import FANS, Scenario
from tests.flow.deployment import API_KEY, POSTS

pytestmark = pytest.mark.faults

MOMENTS, SENDERS, SEED = 20, 16, 23
HEADERS = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
STORED = "SELECT event_id, count(*) FROM warmline.interactions WHERE event_id IS NOT NULL GROUP BY event_id"


@dataclass(slots=True)
class Sender:
    """Sends one event after the other until the server is gone."""

    name: str
    sent: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)

    def run(self, port: int, is_over: Event) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            while not is_over.is_set():
                event_id = f"{self.name}-{len(self.sent)}"
                self.sent.append(event_id)
                status, answer = ask(connection, [event_of(event_id)])
                if status == 200:
                    assert answer["accepted"] == 1, answer
                    self.acknowledged.append(event_id)
        except (OSError, http.client.HTTPException):
            pass  # it was killed
        finally:
            connection.close()


def event_of(event_id: str) -> dict[str, str]:
    """A comment; which user and post follows from its id, so that a repeat is the same event."""
    number = sum(event_id.encode())
    return {
        "user_id": FANS[number % len(FANS)], "post_id": POSTS[number % len(POSTS)], "kind": "comment",
        "event_id": event_id,
    }  # fmt: skip


def ask(connection: http.client.HTTPConnection, events: list[dict[str, str]]) -> tuple[int, dict[str, int]]:
    connection.request("POST", "/interactions", json.dumps(events), HEADERS)
    answer = connection.getresponse()
    return answer.status, json.load(answer)


def batches(sent: list[str]) -> Iterator[list[dict[str, str]]]:
    for start in range(0, len(sent), 500):
        yield [event_of(event_id) for event_id in sent[start : start + 500]]


def kill(scenario: Scenario, process: subprocess.Popen[bytes], *, is_timeline: bool) -> None:
    if is_timeline:
        process.kill()
        process.wait()
    else:
        assert scenario.servers.postgres is not None
        scenario.servers.postgres.kill()


def test_what_was_acknowledged_is_stored_once(durable_scenario: Scenario) -> None:
    scenario, moments = durable_scenario, random.Random(SEED)
    sent, acknowledged = list[str](), set[str]()
    for number in range(MOMENTS):
        is_over, senders = Event(), [Sender(f"{number}-{sender}") for sender in range(SENDERS)]
        with scenario.timeline() as process, ThreadPoolExecutor(SENDERS) as pool:
            scenario.until_ready()
            running = [pool.submit(sender.run, scenario.port, is_over) for sender in senders]
            time.sleep(moments.uniform(0.1, 1.0))
            kill(scenario, process, is_timeline=number % 2 == 0)
            is_over.set()
            for each in running:
                each.result()
        if number % 2:
            assert scenario.servers.postgres is not None
            scenario.servers.postgres.start()
        new = {event_id for sender in senders for event_id in sender.acknowledged}
        acknowledged |= new
        sent += [event_id for sender in senders for event_id in sender.sent]
        stored: dict[str, int] = dict(scenario.deployment.sql(STORED))
        assert acknowledged <= stored.keys()
        assert set(stored.values()) <= {1}
        assert stored.keys() <= set(sent)
        print(f"moment {number}: {len(new)} acknowledged, {len(stored)} of {len(sent)} stored", flush=True)  # noqa: T201
    assert len(acknowledged) > MOMENTS * SENDERS, "there was a load"
    with scenario.timeline():  # repeats of what nobody acknowledged
        scenario.until_ready()
        connection = http.client.HTTPConnection("127.0.0.1", scenario.port, timeout=60)
        for batch in batches(sent):
            status, answer = ask(connection, batch)
            assert (status, answer["accepted"] + answer["duplicates"]) == (200, len(batch))
        connection.close()
    assert dict(scenario.deployment.sql(STORED)) == dict.fromkeys(sent, 1)
