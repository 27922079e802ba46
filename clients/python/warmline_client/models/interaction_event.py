from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.interaction_kind import InteractionKind
from ..types import UNSET, Unset

T = TypeVar("T", bound="InteractionEvent")


@_attrs_define
class InteractionEvent:
    """One event, as `POST /interactions` keeps it. What is not like this is left out and named in `rejected`.

    Attributes:
        user_id (str):
        post_id (str):
        kind (InteractionKind): What a user did with a post.
        created_at (datetime.datetime | None | Unset): blank, or ahead of now: now; of a user's own JWT it does not
            count
        event_id (None | str | Unset): your id of the event; a comment wants one. Of a user's own JWT it means an event
            of that user
        feed_id (None | str | Unset): of the page that the event was made on
    """

    user_id: str
    post_id: str
    kind: InteractionKind
    created_at: datetime.datetime | None | Unset = UNSET
    event_id: None | str | Unset = UNSET
    feed_id: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        user_id = self.user_id

        post_id = self.post_id

        kind = self.kind.value

        created_at: None | str | Unset
        if isinstance(self.created_at, Unset):
            created_at = UNSET
        elif isinstance(self.created_at, datetime.datetime):
            created_at = self.created_at.isoformat()
        else:
            created_at = self.created_at

        event_id: None | str | Unset
        if isinstance(self.event_id, Unset):
            event_id = UNSET
        else:
            event_id = self.event_id

        feed_id: None | str | Unset
        if isinstance(self.feed_id, Unset):
            feed_id = UNSET
        else:
            feed_id = self.feed_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "user_id": user_id,
                "post_id": post_id,
                "kind": kind,
            }
        )
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if event_id is not UNSET:
            field_dict["event_id"] = event_id
        if feed_id is not UNSET:
            field_dict["feed_id"] = feed_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        user_id = d.pop("user_id")

        post_id = d.pop("post_id")

        kind = InteractionKind(d.pop("kind"))

        def _parse_created_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                created_at_type_0 = datetime.datetime.fromisoformat(data)

                return created_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        created_at = _parse_created_at(d.pop("created_at", UNSET))

        def _parse_event_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        event_id = _parse_event_id(d.pop("event_id", UNSET))

        def _parse_feed_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        feed_id = _parse_feed_id(d.pop("feed_id", UNSET))

        interaction_event = cls(
            user_id=user_id,
            post_id=post_id,
            kind=kind,
            created_at=created_at,
            event_id=event_id,
            feed_id=feed_id,
        )

        return interaction_event
