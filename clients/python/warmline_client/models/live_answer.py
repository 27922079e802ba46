from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="LiveAnswer")


@_attrs_define
class LiveAnswer:
    """What live passes of a phase do.

    Attributes:
        listening (bool):
        backlog (int):
        lag_seconds (float):
        mean_lag_seconds (float):
        passes (int):
        missed (int):
    """

    listening: bool
    backlog: int
    lag_seconds: float
    mean_lag_seconds: float
    passes: int
    missed: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        listening = self.listening

        backlog = self.backlog

        lag_seconds = self.lag_seconds

        mean_lag_seconds = self.mean_lag_seconds

        passes = self.passes

        missed = self.missed

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "listening": listening,
                "backlog": backlog,
                "lag_seconds": lag_seconds,
                "mean_lag_seconds": mean_lag_seconds,
                "passes": passes,
                "missed": missed,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        listening = d.pop("listening")

        backlog = d.pop("backlog")

        lag_seconds = d.pop("lag_seconds")

        mean_lag_seconds = d.pop("mean_lag_seconds")

        passes = d.pop("passes")

        missed = d.pop("missed")

        live_answer = cls(
            listening=listening,
            backlog=backlog,
            lag_seconds=lag_seconds,
            mean_lag_seconds=mean_lag_seconds,
            passes=passes,
            missed=missed,
        )

        live_answer.additional_properties = d
        return live_answer

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
