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

from ..types import UNSET, Unset

T = TypeVar("T", bound="ErasureUnderWay")


@_attrs_define
class ErasureUnderWay:
    """An erasure whose last traces go when Redis is back, or a run under way has ended.

    Attributes:
        status (Literal['finishing'] | Unset):  Default: 'finishing'.
        pending (bool | Unset):  Default: True.
    """

    status: Literal["finishing"] | Unset = "finishing"
    pending: bool | Unset = True
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        status = self.status

        pending = self.pending

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if status is not UNSET:
            field_dict["status"] = status
        if pending is not UNSET:
            field_dict["pending"] = pending

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        status = cast(Literal["finishing"] | Unset, d.pop("status", UNSET))
        if status != "finishing" and not isinstance(status, Unset):
            raise ValueError(f"status must match const 'finishing', got '{status}'")

        pending = d.pop("pending", UNSET)

        erasure_under_way = cls(
            status=status,
            pending=pending,
        )

        erasure_under_way.additional_properties = d
        return erasure_under_way

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
