from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.exported_entry import ExportedEntry


T = TypeVar("T", bound="ExportedChain")


@_attrs_define
class ExportedChain:
    """A list that is frozen while the person pages through it.

    Attributes:
        source (str):
        generation (int):
        generated_at (datetime.datetime):
        posts (list[ExportedEntry]):
        page_ends (list[int]): how many of the posts the pages so far have shown
        tail (list[None | str]): posts that follow the list's end
    """

    source: str
    generation: int
    generated_at: datetime.datetime
    posts: list[ExportedEntry]
    page_ends: list[int]
    tail: list[None | str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        source = self.source

        generation = self.generation

        generated_at = self.generated_at.isoformat()

        posts = []
        for posts_item_data in self.posts:
            posts_item = posts_item_data.to_dict()
            posts.append(posts_item)

        page_ends = self.page_ends

        tail = []
        for tail_item_data in self.tail:
            tail_item: None | str
            tail_item = tail_item_data
            tail.append(tail_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "source": source,
                "generation": generation,
                "generated_at": generated_at,
                "posts": posts,
                "page_ends": page_ends,
                "tail": tail,
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

        page_ends = cast(list[int], d.pop("page_ends"))

        tail = []
        _tail = d.pop("tail")
        for tail_item_data in _tail:

            def _parse_tail_item(data: object) -> None | str:
                if data is None:
                    return data
                return cast(None | str, data)

            tail_item = _parse_tail_item(tail_item_data)

            tail.append(tail_item)

        exported_chain = cls(
            source=source,
            generation=generation,
            generated_at=generated_at,
            posts=posts,
            page_ends=page_ends,
            tail=tail,
        )

        exported_chain.additional_properties = d
        return exported_chain

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
