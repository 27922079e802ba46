from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.recommend_by import RecommendBy
from ..types import UNSET, Unset

T = TypeVar("T", bound="RecommendationsRequest")


@_attrs_define
class RecommendationsRequest:
    """What `POST /recommendations` takes. Ids of posts that do not exist, or that nobody may see, are ignored.

    Attributes:
        liked (list[str] | Unset): post ids, the one that was liked last at the end
        disliked (list[str] | Unset): post ids; one that is liked as well counts as disliked
        text (str | Unset): what is looked for, in any language of your captions Default: ''.
        source (RecommendBy | Unset): What recommendations for liked posts are made by.
        limit (int | Unset): posts of the page, at most Default: 20.
        exclude (list[str] | Unset): post ids to leave out
        user_id (None | str | Unset): whose blocks, mutes and preferences apply; blank: nobody's
    """

    liked: list[str] | Unset = UNSET
    disliked: list[str] | Unset = UNSET
    text: str | Unset = ""
    source: RecommendBy | Unset = UNSET
    limit: int | Unset = 20
    exclude: list[str] | Unset = UNSET
    user_id: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        liked: list[str] | Unset = UNSET
        if not isinstance(self.liked, Unset):
            liked = self.liked

        disliked: list[str] | Unset = UNSET
        if not isinstance(self.disliked, Unset):
            disliked = self.disliked

        text = self.text

        source: str | Unset = UNSET
        if not isinstance(self.source, Unset):
            source = self.source.value

        limit = self.limit

        exclude: list[str] | Unset = UNSET
        if not isinstance(self.exclude, Unset):
            exclude = self.exclude

        user_id: None | str | Unset
        if isinstance(self.user_id, Unset):
            user_id = UNSET
        else:
            user_id = self.user_id

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if liked is not UNSET:
            field_dict["liked"] = liked
        if disliked is not UNSET:
            field_dict["disliked"] = disliked
        if text is not UNSET:
            field_dict["text"] = text
        if source is not UNSET:
            field_dict["source"] = source
        if limit is not UNSET:
            field_dict["limit"] = limit
        if exclude is not UNSET:
            field_dict["exclude"] = exclude
        if user_id is not UNSET:
            field_dict["user_id"] = user_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        liked = cast(list[str], d.pop("liked", UNSET))

        disliked = cast(list[str], d.pop("disliked", UNSET))

        text = d.pop("text", UNSET)

        _source = d.pop("source", UNSET)
        source: RecommendBy | Unset
        if isinstance(_source, Unset):
            source = UNSET
        else:
            source = RecommendBy(_source)

        limit = d.pop("limit", UNSET)

        exclude = cast(list[str], d.pop("exclude", UNSET))

        def _parse_user_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        user_id = _parse_user_id(d.pop("user_id", UNSET))

        recommendations_request = cls(
            liked=liked,
            disliked=disliked,
            text=text,
            source=source,
            limit=limit,
            exclude=exclude,
            user_id=user_id,
        )

        return recommendations_request
