from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="SuggestedAuthorAnswer")


@_attrs_define
class SuggestedAuthorAnswer:
    """An author to follow.

    Attributes:
        id (str):
        score (float): comparable only within one source and run
        reason (str): liked_posts: the user liked posts of theirs; liked_alike: people who like what the user likes also
            like or follow them; followed_by_followed: people whom the user follows follow them; popular
        posts (int | None | Unset): of liked_posts: how many the user liked
        people (int | None | Unset): of the other reasons: at least so many people, rounded down; absent below five
    """

    id: str
    score: float
    reason: str
    posts: int | None | Unset = UNSET
    people: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        score = self.score

        reason = self.reason

        posts: int | None | Unset
        if isinstance(self.posts, Unset):
            posts = UNSET
        else:
            posts = self.posts

        people: int | None | Unset
        if isinstance(self.people, Unset):
            people = UNSET
        else:
            people = self.people

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "score": score,
                "reason": reason,
            }
        )
        if posts is not UNSET:
            field_dict["posts"] = posts
        if people is not UNSET:
            field_dict["people"] = people

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        score = d.pop("score")

        reason = d.pop("reason")

        def _parse_posts(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        posts = _parse_posts(d.pop("posts", UNSET))

        def _parse_people(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        people = _parse_people(d.pop("people", UNSET))

        suggested_author_answer = cls(
            id=id,
            score=score,
            reason=reason,
            posts=posts,
            people=people,
        )

        suggested_author_answer.additional_properties = d
        return suggested_author_answer

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
