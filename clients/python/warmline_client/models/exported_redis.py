from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.exported_chain import ExportedChain
    from ..models.exported_redis_lists import ExportedRedisLists
    from ..models.exported_suggestion import ExportedSuggestion


T = TypeVar("T", bound="ExportedRedis")


@_attrs_define
class ExportedRedis:
    """What Redis holds: all of it is made from the rest, and expires.

    Attributes:
        lists (ExportedRedisLists): the list of each phase that has one
        chains (list[ExportedChain]):
        hidden_posts (list[None | str]): hidden by the person, so never shown
        seen_posts (list[None | str]): seen, as events say
        served_posts (list[None | str]): shown on a page, the longest ago first
        visits (int): first pages requested
        suggestions (list[ExportedSuggestion]): authors to follow, the best first
        asked_at (datetime.datetime | None): when they lately requested a page without having a list
    """

    lists: ExportedRedisLists
    chains: list[ExportedChain]
    hidden_posts: list[None | str]
    seen_posts: list[None | str]
    served_posts: list[None | str]
    visits: int
    suggestions: list[ExportedSuggestion]
    asked_at: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        lists = self.lists.to_dict()

        chains = []
        for chains_item_data in self.chains:
            chains_item = chains_item_data.to_dict()
            chains.append(chains_item)

        hidden_posts = []
        for hidden_posts_item_data in self.hidden_posts:
            hidden_posts_item: None | str
            hidden_posts_item = hidden_posts_item_data
            hidden_posts.append(hidden_posts_item)

        seen_posts = []
        for seen_posts_item_data in self.seen_posts:
            seen_posts_item: None | str
            seen_posts_item = seen_posts_item_data
            seen_posts.append(seen_posts_item)

        served_posts = []
        for served_posts_item_data in self.served_posts:
            served_posts_item: None | str
            served_posts_item = served_posts_item_data
            served_posts.append(served_posts_item)

        visits = self.visits

        suggestions = []
        for suggestions_item_data in self.suggestions:
            suggestions_item = suggestions_item_data.to_dict()
            suggestions.append(suggestions_item)

        asked_at: None | str
        if isinstance(self.asked_at, datetime.datetime):
            asked_at = self.asked_at.isoformat()
        else:
            asked_at = self.asked_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "lists": lists,
                "chains": chains,
                "hidden_posts": hidden_posts,
                "seen_posts": seen_posts,
                "served_posts": served_posts,
                "visits": visits,
                "suggestions": suggestions,
                "asked_at": asked_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.exported_chain import ExportedChain  # noqa: PLC0415
        from ..models.exported_redis_lists import ExportedRedisLists  # noqa: PLC0415
        from ..models.exported_suggestion import ExportedSuggestion  # noqa: PLC0415

        d = dict(src_dict)
        lists = ExportedRedisLists.from_dict(d.pop("lists"))

        chains = []
        _chains = d.pop("chains")
        for chains_item_data in _chains:
            chains_item = ExportedChain.from_dict(chains_item_data)

            chains.append(chains_item)

        hidden_posts = []
        _hidden_posts = d.pop("hidden_posts")
        for hidden_posts_item_data in _hidden_posts:

            def _parse_hidden_posts_item(data: object) -> None | str:
                if data is None:
                    return data
                return cast(None | str, data)

            hidden_posts_item = _parse_hidden_posts_item(hidden_posts_item_data)

            hidden_posts.append(hidden_posts_item)

        seen_posts = []
        _seen_posts = d.pop("seen_posts")
        for seen_posts_item_data in _seen_posts:

            def _parse_seen_posts_item(data: object) -> None | str:
                if data is None:
                    return data
                return cast(None | str, data)

            seen_posts_item = _parse_seen_posts_item(seen_posts_item_data)

            seen_posts.append(seen_posts_item)

        served_posts = []
        _served_posts = d.pop("served_posts")
        for served_posts_item_data in _served_posts:

            def _parse_served_posts_item(data: object) -> None | str:
                if data is None:
                    return data
                return cast(None | str, data)

            served_posts_item = _parse_served_posts_item(served_posts_item_data)

            served_posts.append(served_posts_item)

        visits = d.pop("visits")

        suggestions = []
        _suggestions = d.pop("suggestions")
        for suggestions_item_data in _suggestions:
            suggestions_item = ExportedSuggestion.from_dict(suggestions_item_data)

            suggestions.append(suggestions_item)

        def _parse_asked_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                asked_at_type_0 = datetime.datetime.fromisoformat(data)

                return asked_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        asked_at = _parse_asked_at(d.pop("asked_at"))

        exported_redis = cls(
            lists=lists,
            chains=chains,
            hidden_posts=hidden_posts,
            seen_posts=seen_posts,
            served_posts=served_posts,
            visits=visits,
            suggestions=suggestions,
            asked_at=asked_at,
        )

        exported_redis.additional_properties = d
        return exported_redis

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
