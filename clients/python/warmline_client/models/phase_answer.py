from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.phase import Phase
from ..types import UNSET, Unset

T = TypeVar("T", bound="PhaseAnswer")


@_attrs_define
class PhaseAnswer:
    """The phase in force.

    Attributes:
        phase (Phase): Which ranker's lists are served.
        rollout_percent (float):
        version (int):
        warning (None | str | Unset): why this phase shows nobody its lists yet (no model, no lists); absent when it
            does
    """

    phase: Phase
    rollout_percent: float
    version: int
    warning: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        phase = self.phase.value

        rollout_percent = self.rollout_percent

        version = self.version

        warning: None | str | Unset
        if isinstance(self.warning, Unset):
            warning = UNSET
        else:
            warning = self.warning

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "phase": phase,
                "rollout_percent": rollout_percent,
                "version": version,
            }
        )
        if warning is not UNSET:
            field_dict["warning"] = warning

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        phase = Phase(d.pop("phase"))

        rollout_percent = d.pop("rollout_percent")

        version = d.pop("version")

        def _parse_warning(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        warning = _parse_warning(d.pop("warning", UNSET))

        phase_answer = cls(
            phase=phase,
            rollout_percent=rollout_percent,
            version=version,
            warning=warning,
        )

        phase_answer.additional_properties = d
        return phase_answer

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
