"""Reads how ready phase 2 is: what the last runs counted, and the gate's last verdict. Nothing is counted here."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from shared.db.engine import Database
from shared.db.models import ModelVersion, champion, last_demotion, list_models
from shared.db.runs import last_report
from shared.readiness import ModelVerdict, RunCounts, readiness_sentence, run_counts_of, shortfalls

# Training looks further back than the heuristic's window. Its count is preferred until it is so old that the nightly
# run must have stopped.
TRUSTED_FOR = timedelta(days=2)


def read_readiness(database: Database) -> dict[str, Any]:
    """Readiness for scripts: counts, shares of candidate posts with vectors, the last verdict, and a sentence."""
    by_heuristic, by_training = (last_report(database, job) for job in ("heuristic", "train"))
    rough = (
        run_counts_of(by_heuristic["report"], by="heuristic", at=by_heuristic["finished_at"]) if by_heuristic else None
    )
    full = run_counts_of(by_training["report"], by="train", at=by_training["finished_at"]) if by_training else None
    found = _preferred(rough, full)
    newest = _judged(next(iter(list_models(database, limit=1)), None))
    vectors = ((by_heuristic["report"] if by_heuristic else None) or {}).get("vectors")
    candidates = rough.amounts.posts if rough else 0
    return {
        "sentence": readiness_sentence(found, newest, _judged(champion(database)), last_demotion(database)),
        "enough_data": not shortfalls(found.amounts) if found else None,
        "events": found.amounts.events if found else None,
        "positives": found.amounts.positives if found else None,
        "warm_users": found.amounts.warm_users if found else None,
        "posts": found.amounts.posts if found else None,
        "counted": {"by": found.by, "at": found.at, "days": found.amounts.days} if found else None,
        "candidates_with_vectors": {
            part: round(count / candidates, 4) if candidates else None for part, count in (vectors or {}).items()
        },
        "last_verdict": asdict(newest) if newest else None,
    }


def _preferred(rough: RunCounts | None, full: RunCounts | None) -> RunCounts | None:
    if rough is None or full is None:
        return rough or full
    return full if full.at > rough.at - TRUSTED_FOR else rough


def _judged(model: ModelVersion | None) -> ModelVerdict | None:
    if model is None:
        return None
    return ModelVerdict(version=model.version, accepted=model.state == "accepted", verdict=model.verdict)
