from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="PublicationAnswer")


@_attrs_define
class PublicationAnswer:
    """The last whole publication of a phase's lists.

    Attributes:
        generation (int):
        published_at (datetime.datetime):
        age_seconds (float):
        lists (int):
        bytes_ (int):
        seconds (float):
    """

    generation: int
    published_at: datetime.datetime
    age_seconds: float
    lists: int
    bytes_: int
    seconds: float
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        generation = self.generation

        published_at = self.published_at.isoformat()

        age_seconds = self.age_seconds

        lists = self.lists

        bytes_ = self.bytes_

        seconds = self.seconds

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "generation": generation,
                "published_at": published_at,
                "age_seconds": age_seconds,
                "lists": lists,
                "bytes": bytes_,
                "seconds": seconds,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        generation = d.pop("generation")

        published_at = datetime.datetime.fromisoformat(d.pop("published_at"))

        age_seconds = d.pop("age_seconds")

        lists = d.pop("lists")

        bytes_ = d.pop("bytes")

        seconds = d.pop("seconds")

        publication_answer = cls(
            generation=generation,
            published_at=published_at,
            age_seconds=age_seconds,
            lists=lists,
            bytes_=bytes_,
            seconds=seconds,
        )

        publication_answer.additional_properties = d
        return publication_answer

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
