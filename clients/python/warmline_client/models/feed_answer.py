from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.feed_answer_events import FeedAnswerEvents


T = TypeVar("T", bound="FeedAnswer")


@_attrs_define
class FeedAnswer:
    """Events on the pages of one source.

    Attributes:
        source (str):
        generation (int | None): null: of all generations
        events (FeedAnswerEvents): kind → how many
        likes_per_view (float | None): null: there are no views
    """

    source: str
    generation: int | None
    events: FeedAnswerEvents
    likes_per_view: float | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        source = self.source

        generation: int | None
        generation = self.generation

        events = self.events.to_dict()

        likes_per_view: float | None
        likes_per_view = self.likes_per_view

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "source": source,
                "generation": generation,
                "events": events,
                "likes_per_view": likes_per_view,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.feed_answer_events import FeedAnswerEvents  # noqa: PLC0415

        d = dict(src_dict)
        source = d.pop("source")

        def _parse_generation(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        generation = _parse_generation(d.pop("generation"))

        events = FeedAnswerEvents.from_dict(d.pop("events"))

        def _parse_likes_per_view(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        likes_per_view = _parse_likes_per_view(d.pop("likes_per_view"))

        feed_answer = cls(
            source=source,
            generation=generation,
            events=events,
            likes_per_view=likes_per_view,
        )

        feed_answer.additional_properties = d
        return feed_answer

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
