from __future__ import annotations

from collections.abc import Mapping
from typing import (
    Any,
    Literal,
    TypeVar,
    cast,
)

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.job import Job
from ..types import UNSET, Unset

T = TypeVar("T", bound="RunRequested")


@_attrs_define
class RunRequested:
    """A run that was asked for.

    Attributes:
        run (int):
        job (Job): The jobs that can be requested.
        state (Literal['requested'] | Unset):  Default: 'requested'.
    """

    run: int
    job: Job
    state: Literal["requested"] | Unset = "requested"
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        run = self.run

        job = self.job.value

        state = self.state

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "run": run,
                "job": job,
            }
        )
        if state is not UNSET:
            field_dict["state"] = state

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        run = d.pop("run")

        job = Job(d.pop("job"))

        state = cast(Literal["requested"] | Unset, d.pop("state", UNSET))
        if state != "requested" and not isinstance(state, Unset):
            raise ValueError(f"state must match const 'requested', got '{state}'")

        run_requested = cls(
            run=run,
            job=job,
            state=state,
        )

        run_requested.additional_properties = d
        return run_requested

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
