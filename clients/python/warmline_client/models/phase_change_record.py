from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.phase import Phase

T = TypeVar("T", bound="PhaseChangeRecord")


@_attrs_define
class PhaseChangeRecord:
    """A switch of phases on record.

    Attributes:
        version (int):
        phase (Phase): Which ranker's lists are served.
        rollout_percent (float):
        changed_by (str):
        changed_at (datetime.datetime):
    """

    version: int
    phase: Phase
    rollout_percent: float
    changed_by: str
    changed_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        version = self.version

        phase = self.phase.value

        rollout_percent = self.rollout_percent

        changed_by = self.changed_by

        changed_at = self.changed_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "version": version,
                "phase": phase,
                "rollout_percent": rollout_percent,
                "changed_by": changed_by,
                "changed_at": changed_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        version = d.pop("version")

        phase = Phase(d.pop("phase"))

        rollout_percent = d.pop("rollout_percent")

        changed_by = d.pop("changed_by")

        changed_at = datetime.datetime.fromisoformat(d.pop("changed_at"))

        phase_change_record = cls(
            version=version,
            phase=phase,
            rollout_percent=rollout_percent,
            changed_by=changed_by,
            changed_at=changed_at,
        )

        phase_change_record.additional_properties = d
        return phase_change_record

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
