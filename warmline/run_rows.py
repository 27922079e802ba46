"""Describes a run's row in words."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from warmline.screen import age


def progress_text(run: Mapping[str, Any]) -> str:
    """The progress of a run, or when it failed, as the end of a sentence; blank if it reported none."""
    far = run["progress"]
    if not far or run["state"] == "done":
        return ""
    left = far.get("seconds_left")
    rest = f", about {age(timedelta(seconds=left))} left" if left is not None and run["state"] == "running" else ""
    return f", {far['percent']:.0f} % ({far['step']}){rest}"
