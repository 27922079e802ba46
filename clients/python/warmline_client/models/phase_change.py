from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.phase import Phase
from ..types import UNSET, Unset

T = TypeVar("T", bound="PhaseChange")


@_attrs_define
class PhaseChange:
    """What `PUT /admin/phase` takes.

    Attributes:
        phase (Phase): Which ranker's lists are served.
        rollout_percent (float | Unset): share of users in `neucf`, in per cent Default: 100.0.
    """

    phase: Phase
    rollout_percent: float | Unset = 100.0

    def to_dict(self) -> dict[str, Any]:
        phase = self.phase.value

        rollout_percent = self.rollout_percent

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "phase": phase,
            }
        )
        if rollout_percent is not UNSET:
            field_dict["rollout_percent"] = rollout_percent

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        phase = Phase(d.pop("phase"))

        rollout_percent = d.pop("rollout_percent", UNSET)

        phase_change = cls(
            phase=phase,
            rollout_percent=rollout_percent,
        )

        return phase_change
