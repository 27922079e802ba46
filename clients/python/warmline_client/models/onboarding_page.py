from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.onboarding_page_source import OnboardingPageSource
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.onboarding_tag_answer import OnboardingTagAnswer
    from ..models.timeline_post import TimelinePost


T = TypeVar("T", bound="OnboardingPage")


@_attrs_define
class OnboardingPage:
    """What a newcomer may choose from.

    Attributes:
        posts (list[TimelinePost]):
        tags (list[OnboardingTagAnswer]):
        source (OnboardingPageSource): onboarding: a spread of posts, the same for a while; everyone, snapshot, newest:
            the first posts of that list, for no run has published a spread, or Redis does not answer
        generated_at (datetime.datetime): when the posts were chosen
        degraded (list[str] | None | Unset): the stores that did not answer; absent when all did
    """

    posts: list[TimelinePost]
    tags: list[OnboardingTagAnswer]
    source: OnboardingPageSource
    generated_at: datetime.datetime
    degraded: list[str] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        posts = []
        for posts_item_data in self.posts:
            posts_item = posts_item_data.to_dict()
            posts.append(posts_item)

        tags = []
        for tags_item_data in self.tags:
            tags_item = tags_item_data.to_dict()
            tags.append(tags_item)

        source = self.source.value

        generated_at = self.generated_at.isoformat()

        degraded: list[str] | None | Unset
        if isinstance(self.degraded, Unset):
            degraded = UNSET
        elif isinstance(self.degraded, list):
            degraded = self.degraded

        else:
            degraded = self.degraded

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "posts": posts,
                "tags": tags,
                "source": source,
                "generated_at": generated_at,
            }
        )
        if degraded is not UNSET:
            field_dict["degraded"] = degraded

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.onboarding_tag_answer import OnboardingTagAnswer  # noqa: PLC0415
        from ..models.timeline_post import TimelinePost  # noqa: PLC0415

        d = dict(src_dict)
        posts = []
        _posts = d.pop("posts")
        for posts_item_data in _posts:
            posts_item = TimelinePost.from_dict(posts_item_data)

            posts.append(posts_item)

        tags = []
        _tags = d.pop("tags")
        for tags_item_data in _tags:
            tags_item = OnboardingTagAnswer.from_dict(tags_item_data)

            tags.append(tags_item)

        source = OnboardingPageSource(d.pop("source"))

        generated_at = datetime.datetime.fromisoformat(d.pop("generated_at"))

        def _parse_degraded(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                degraded_type_0 = cast(list[str], data)

                return degraded_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        degraded = _parse_degraded(d.pop("degraded", UNSET))

        onboarding_page = cls(
            posts=posts,
            tags=tags,
            source=source,
            generated_at=generated_at,
            degraded=degraded,
        )

        onboarding_page.additional_properties = d
        return onboarding_page

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
