from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.surface_posts_source import SurfacePostsSource
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.timeline_post import TimelinePost


T = TypeVar("T", bound="SurfacePosts")


@_attrs_define
class SurfacePosts:
    """Posts for one request; there is no next page.

    Attributes:
        posts (list[TimelinePost]):
        source (SurfacePostsSource): content: similar posts, filled up with popular ones; everyone: popular ones, for
            nothing similar is known; snapshot and newest: what the process has while Redis does not answer
        degraded (list[str] | None | Unset): the stores that did not answer; absent when all did
    """

    posts: list[TimelinePost]
    source: SurfacePostsSource
    degraded: list[str] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        posts = []
        for posts_item_data in self.posts:
            posts_item = posts_item_data.to_dict()
            posts.append(posts_item)

        source = self.source.value

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
                "source": source,
            }
        )
        if degraded is not UNSET:
            field_dict["degraded"] = degraded

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.timeline_post import TimelinePost  # noqa: PLC0415

        d = dict(src_dict)
        posts = []
        _posts = d.pop("posts")
        for posts_item_data in _posts:
            posts_item = TimelinePost.from_dict(posts_item_data)

            posts.append(posts_item)

        source = SurfacePostsSource(d.pop("source"))

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

        surface_posts = cls(
            posts=posts,
            source=source,
            degraded=degraded,
        )

        surface_posts.additional_properties = d
        return surface_posts

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
