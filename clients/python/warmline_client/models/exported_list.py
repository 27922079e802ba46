from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.exported_entry import ExportedEntry


T = TypeVar("T", bound="ExportedList")


@_attrs_define
class ExportedList:
    """A ranked list of the person, best first.

    Attributes:
        source (str):
        generation (int):
        generated_at (datetime.datetime):
        posts (list[ExportedEntry]):
    """

    source: str
    generation: int
    generated_at: datetime.datetime
    posts: list[ExportedEntry]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        source = self.source

        generation = self.generation

        generated_at = self.generated_at.isoformat()

        posts = []
        for posts_item_data in self.posts:
            posts_item = posts_item_data.to_dict()
            posts.append(posts_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "source": source,
                "generation": generation,
                "generated_at": generated_at,
                "posts": posts,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.exported_entry import ExportedEntry  # noqa: PLC0415

        d = dict(src_dict)
        source = d.pop("source")

        generation = d.pop("generation")

        generated_at = datetime.datetime.fromisoformat(d.pop("generated_at"))

        posts = []
        _posts = d.pop("posts")
        for posts_item_data in _posts:
            posts_item = ExportedEntry.from_dict(posts_item_data)

            posts.append(posts_item)

        exported_list = cls(
            source=source,
            generation=generation,
            generated_at=generated_at,
            posts=posts,
        )

        exported_list.additional_properties = d
        return exported_list

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
