from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.suggestions_page_source import SuggestionsPageSource
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.suggested_author_answer import SuggestedAuthorAnswer


T = TypeVar("T", bound="SuggestionsPage")


@_attrs_define
class SuggestionsPage:
    """Whom a user may want to follow.

    Attributes:
        user_id (str):
        authors (list[SuggestedAuthorAnswer]):
        source (SuggestionsPageSource): personal: made for the user, filled up with popular authors; popular: the same
            for everybody; everyone, snapshot, newest: authors of the posts that everybody is shown, for no run has
            published any, or Redis does not answer
        generated_at (datetime.datetime): when the first of them was found
        degraded (list[str] | None | Unset): the stores that did not answer; absent when all did
    """

    user_id: str
    authors: list[SuggestedAuthorAnswer]
    source: SuggestionsPageSource
    generated_at: datetime.datetime
    degraded: list[str] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        user_id = self.user_id

        authors = []
        for authors_item_data in self.authors:
            authors_item = authors_item_data.to_dict()
            authors.append(authors_item)

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
                "user_id": user_id,
                "authors": authors,
                "source": source,
                "generated_at": generated_at,
            }
        )
        if degraded is not UNSET:
            field_dict["degraded"] = degraded

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.suggested_author_answer import SuggestedAuthorAnswer  # noqa: PLC0415

        d = dict(src_dict)
        user_id = d.pop("user_id")

        authors = []
        _authors = d.pop("authors")
        for authors_item_data in _authors:
            authors_item = SuggestedAuthorAnswer.from_dict(authors_item_data)

            authors.append(authors_item)

        source = SuggestionsPageSource(d.pop("source"))

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

        suggestions_page = cls(
            user_id=user_id,
            authors=authors,
            source=source,
            generated_at=generated_at,
            degraded=degraded,
        )

        suggestions_page.additional_properties = d
        return suggestions_page

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
