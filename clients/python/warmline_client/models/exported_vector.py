from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ExportedVector")


@_attrs_define
class ExportedVector:
    """Numbers that an encoder made of a photo or a caption.

    Attributes:
        part (str):
        encoder (str):
        encoded_at (datetime.datetime):
    """

    part: str
    encoder: str
    encoded_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        part = self.part

        encoder = self.encoder

        encoded_at = self.encoded_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "part": part,
                "encoder": encoder,
                "encoded_at": encoded_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        part = d.pop("part")

        encoder = d.pop("encoder")

        encoded_at = datetime.datetime.fromisoformat(d.pop("encoded_at"))

        exported_vector = cls(
            part=part,
            encoder=encoder,
            encoded_at=encoded_at,
        )

        exported_vector.additional_properties = d
        return exported_vector

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
