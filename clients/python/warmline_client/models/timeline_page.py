from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.source import Source
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.timeline_post import TimelinePost


T = TypeVar("T", bound="TimelinePage")


@_attrs_define
class TimelinePage:
    """One page of a user's timeline.

    Attributes:
        user_id (str):
        source (Source): Where a page came from, in the order in which the timeline falls back.
        posts (list[TimelinePost]):
        next_cursor (None | str): null when nothing is left to show
        generated_at (datetime.datetime): when the list behind this page was made
        feed_id (str): opaque; send it back with events
        degraded (list[str] | None | Unset): the stores that did not answer; absent when all did
    """

    user_id: str
    source: Source
    posts: list[TimelinePost]
    next_cursor: None | str
    generated_at: datetime.datetime
    feed_id: str
    degraded: list[str] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        user_id = self.user_id

        source = self.source.value

        posts = []
        for posts_item_data in self.posts:
            posts_item = posts_item_data.to_dict()
            posts.append(posts_item)

        next_cursor: None | str
        next_cursor = self.next_cursor

        generated_at = self.generated_at.isoformat()

        feed_id = self.feed_id

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
                "user_id": user_id,
                "source": source,
                "posts": posts,
                "next_cursor": next_cursor,
                "generated_at": generated_at,
                "feed_id": feed_id,
            }
        )
        if degraded is not UNSET:
            field_dict["degraded"] = degraded

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.timeline_post import TimelinePost  # noqa: PLC0415

        d = dict(src_dict)
        user_id = d.pop("user_id")

        source = Source(d.pop("source"))

        posts = []
        _posts = d.pop("posts")
        for posts_item_data in _posts:
            posts_item = TimelinePost.from_dict(posts_item_data)

            posts.append(posts_item)

        def _parse_next_cursor(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_cursor = _parse_next_cursor(d.pop("next_cursor"))

        generated_at = datetime.datetime.fromisoformat(d.pop("generated_at"))

        feed_id = d.pop("feed_id")

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

        timeline_page = cls(
            user_id=user_id,
            source=source,
            posts=posts,
            next_cursor=next_cursor,
            generated_at=generated_at,
            feed_id=feed_id,
            degraded=degraded,
        )

        timeline_page.additional_properties = d
        return timeline_page

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
