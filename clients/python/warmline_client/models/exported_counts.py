from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ExportedCounts")


@_attrs_define
class ExportedCounts:
    """How many entries the long parts have.

    Attributes:
        posts (int):
        blocks (int):
        follows (int):
        events (int):
    """

    posts: int
    blocks: int
    follows: int
    events: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        posts = self.posts

        blocks = self.blocks

        follows = self.follows

        events = self.events

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "posts": posts,
                "blocks": blocks,
                "follows": follows,
                "events": events,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        posts = d.pop("posts")

        blocks = d.pop("blocks")

        follows = d.pop("follows")

        events = d.pop("events")

        exported_counts = cls(
            posts=posts,
            blocks=blocks,
            follows=follows,
            events=events,
        )

        exported_counts.additional_properties = d
        return exported_counts

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
