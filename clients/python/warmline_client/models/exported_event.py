from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.exported_position import ExportedPosition


T = TypeVar("T", bound="ExportedEvent")


@_attrs_define
class ExportedEvent:
    """Something that the person did with a post.

    Attributes:
        home (str): `warmline`: our own tables; `view`: your view
        post_id (None | str):
        kind (None | str):
        created_at (datetime.datetime | None): of a repeated event the last time
        first_at (datetime.datetime | None): its first time; null: not repeated, or not known
        event_id (None | str):
        feed (ExportedPosition | None):
    """

    home: str
    post_id: None | str
    kind: None | str
    created_at: datetime.datetime | None
    first_at: datetime.datetime | None
    event_id: None | str
    feed: ExportedPosition | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.exported_position import ExportedPosition  # noqa: PLC0415

        home = self.home

        post_id: None | str
        post_id = self.post_id

        kind: None | str
        kind = self.kind

        created_at: None | str
        if isinstance(self.created_at, datetime.datetime):
            created_at = self.created_at.isoformat()
        else:
            created_at = self.created_at

        first_at: None | str
        if isinstance(self.first_at, datetime.datetime):
            first_at = self.first_at.isoformat()
        else:
            first_at = self.first_at

        event_id: None | str
        event_id = self.event_id

        feed: dict[str, Any] | None
        if isinstance(self.feed, ExportedPosition):
            feed = self.feed.to_dict()
        else:
            feed = self.feed

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "home": home,
                "post_id": post_id,
                "kind": kind,
                "created_at": created_at,
                "first_at": first_at,
                "event_id": event_id,
                "feed": feed,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.exported_position import ExportedPosition  # noqa: PLC0415

        d = dict(src_dict)
        home = d.pop("home")

        def _parse_post_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        post_id = _parse_post_id(d.pop("post_id"))

        def _parse_kind(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        kind = _parse_kind(d.pop("kind"))

        def _parse_created_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                created_at_type_0 = datetime.datetime.fromisoformat(data)

                return created_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        created_at = _parse_created_at(d.pop("created_at"))

        def _parse_first_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                first_at_type_0 = datetime.datetime.fromisoformat(data)

                return first_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        first_at = _parse_first_at(d.pop("first_at"))

        def _parse_event_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        event_id = _parse_event_id(d.pop("event_id"))

        def _parse_feed(data: object) -> ExportedPosition | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                feed_type_0 = ExportedPosition.from_dict(data)

                return feed_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ExportedPosition | None, data)

        feed = _parse_feed(d.pop("feed"))

        exported_event = cls(
            home=home,
            post_id=post_id,
            kind=kind,
            created_at=created_at,
            first_at=first_at,
            event_id=event_id,
            feed=feed,
        )

        exported_event.additional_properties = d
        return exported_event

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
