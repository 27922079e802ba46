from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="OnboardingTagAnswer")


@_attrs_define
class OnboardingTagAnswer:
    """A tag.

    Attributes:
        tag (str):
        posts (int): recent posts that have it, as of the last run
        examples (list[str]): ids of some of them, each by another author
    """

    tag: str
    posts: int
    examples: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        tag = self.tag

        posts = self.posts

        examples = self.examples

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "tag": tag,
                "posts": posts,
                "examples": examples,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        tag = d.pop("tag")

        posts = d.pop("posts")

        examples = cast(list[str], d.pop("examples"))

        onboarding_tag_answer = cls(
            tag=tag,
            posts=posts,
            examples=examples,
        )

        onboarding_tag_answer.additional_properties = d
        return onboarding_tag_answer

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
