"""The names of all settings, so that a misspelt one is noticed even if the code that reads it is not installed.

A test compares them with `.env.example`, and another one compares that with the code.
"""

import difflib
import re
from collections.abc import Iterable

from shared.settings import PREFIX

_LISTED = """
ACTIVE_DAYS ADMIN_TOKEN ALPHA API_KEY CANDIDATE_DAYS CHAIN_MINUTES COLD_MIN_POSITIVES CORS_ORIGINS DATABASE_BUDGET_MS
DATABASE_PASSWORD DATABASE_URL DEV_OPEN_TO_NETWORK ENCODER_FOLDER ENCODE_BATCH ENV EVERYONE_LENGTH FOLLOWING_ORDER
FOLLOWING_SHARE HALF_LIFE_HOURS HEURISTIC_EVERY_MINUTES HISTORY_DAYS HOST IMAGE_ENCODER IMAGE_HOSTS
IMAGE_MAX_MEGABYTES IMAGE_MAX_MEGAPIXELS IMAGE_MAX_REDIRECTS IMAGE_RETRY_CAP_HOURS IMAGE_RETRY_MINUTES IMAGE_THREADS
IMAGE_TIMEOUT_SECONDS JWT_ALGORITHM JWT_KEY JWT_WRITES JWT_WRITES_PER_MINUTE KEEP_ALIVE_SECONDS KEEP_DAYS KIND_WEIGHTS
LIST_KEEP_HOURS LIST_LENGTH LIVE LIVE_BACKLOG LIVE_POLL_SECONDS MAX_LISTS MEDIA_ROOT MIN_CANDIDATES MLFLOW_RUNS
MLFLOW_URI MODELS_KEPT MODEL_CPUS MODEL_DIR NEW_POST_HOURS NEW_POST_SHARE NEW_POST_VIEWERS POPULARITY_FLOOR
POPULARITY_HALF_LIFE_HOURS PORT POSTGRES_PASSWORD RECOMMEND RECOMMEND_BUDGET_MS RECOMMEND_PER_MINUTE REDIS_BUDGET_MS
REDIS_MAXMEMORY REDIS_PASSWORD REDIS_URL REFRESH_SECONDS REQUEST_LOG RUN_STALLED_MINUTES SCHEDULE_TIMEZONE
SCORE_EVERY_MINUTES SCORE_FULL_HOURS SEEN_KEEP_DAYS SEEN_LENGTH SIGNING_KEY SIGNING_KEY_OTHER SNAPSHOT_FILE
SOURCE_SCHEMA SOURCE_URL TAG_LISTS TEXT_ENCODER TORCH_INDEX TORCH_THREADS TRAIN_CRON TRAIN_DAYS TRAIN_HALF_LIFE_DAYS
TRAIN_HIDE_WEIGHT TRAIN_IGNORED_WEIGHT TRAIN_KIND_WEIGHTS TRAIN_SEED TRAIN_WORKERS WARM_START WORKERS
"""
NAMES = frozenset(_LISTED.split())
# Variables of the demo, the tests and the benchmarks.
_OTHERS = re.compile(r"(DEMO|TEST|BENCH)_\w+|TIMELINE_URL|FEED_URL")
# Kubernetes and old Docker links set these for every service whose name begins with "warmline".
_OF_A_PLATFORM = re.compile(
    r"(\w+_)?(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP)(_(ADDR|PORT|PROTO))?|\w+_PORT|NAME)"
)


def unknown_settings(variables: Iterable[str]) -> dict[str, str | None]:
    """Variables with our prefix that nothing reads, each with the name that was probably intended."""
    upper = {name.upper() for name in variables}  # pydantic ignores case
    given = sorted(name.removeprefix(PREFIX) for name in upper if name.startswith(PREFIX))
    strange = [name for name in given if name not in NAMES and not _OTHERS.fullmatch(name)]
    meant = {name: difflib.get_close_matches(name, NAMES, n=1, cutoff=0.75) for name in strange}
    return {
        PREFIX + name: PREFIX + near[0] if near else None
        for name, near in meant.items()
        if near or not _OF_A_PLATFORM.fullmatch(name)
    }
