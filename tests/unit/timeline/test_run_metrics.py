"""The metrics of the last runs."""

from datetime import UTC, datetime
from typing import Any

from timeline.metrics import Metrics

AT = datetime(2026, 11, 29, tzinfo=UTC)


def run(job: str, **report: Any) -> dict[str, Any]:
    return {"job": job, "state": "done", "started_at": AT, "finished_at": AT, "report": report}


def test_photos_out_of_reach_are_those_of_the_last_run_of_each_job() -> None:
    metrics = Metrics()
    metrics.runs([run("score", images_away=0), run("train", images_away=12), run("score", images_away=7)])
    assert b'warmline_images_away{job="score"} 0.0' in metrics.text()
    assert b'warmline_images_away{job="train"} 12.0' in metrics.text()


def test_a_job_that_encodes_nothing_has_none() -> None:
    metrics = Metrics()
    metrics.runs([run("heuristic", posts=3)])
    assert b"warmline_images_away{" not in metrics.text()
