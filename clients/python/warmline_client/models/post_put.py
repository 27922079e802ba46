from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="PostPut")


@_attrs_define
class PostPut:
    """What `PUT /posts/{id}` takes: a post that anyone may see.

    Attributes:
        author_id (str):
        caption (str | Unset):  Default: ''.
        image_url (None | str | Unset):
        image_urls (list[str] | None | Unset): further photos; with `image_url`, at most 10 count
        created_at (datetime.datetime | None | Unset): blank: now, or as it was
        tags (list[str] | None | Unset): # and case do not count
        language (None | str | Unset): of the caption, as a BCP 47 tag such as pt-BR; blank: not known
        sensitive (bool | None | Unset): viewers may choose not to see it
    """

    author_id: str
    caption: str | Unset = ""
    image_url: None | str | Unset = UNSET
    image_urls: list[str] | None | Unset = UNSET
    created_at: datetime.datetime | None | Unset = UNSET
    tags: list[str] | None | Unset = UNSET
    language: None | str | Unset = UNSET
    sensitive: bool | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        author_id = self.author_id

        caption = self.caption

        image_url: None | str | Unset
        if isinstance(self.image_url, Unset):
            image_url = UNSET
        else:
            image_url = self.image_url

        image_urls: list[str] | None | Unset
        if isinstance(self.image_urls, Unset):
            image_urls = UNSET
        elif isinstance(self.image_urls, list):
            image_urls = self.image_urls

        else:
            image_urls = self.image_urls

        created_at: None | str | Unset
        if isinstance(self.created_at, Unset):
            created_at = UNSET
        elif isinstance(self.created_at, datetime.datetime):
            created_at = self.created_at.isoformat()
        else:
            created_at = self.created_at

        tags: list[str] | None | Unset
        if isinstance(self.tags, Unset):
            tags = UNSET
        elif isinstance(self.tags, list):
            tags = self.tags

        else:
            tags = self.tags

        language: None | str | Unset
        if isinstance(self.language, Unset):
            language = UNSET
        else:
            language = self.language

        sensitive: bool | None | Unset
        if isinstance(self.sensitive, Unset):
            sensitive = UNSET
        else:
            sensitive = self.sensitive

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "author_id": author_id,
            }
        )
        if caption is not UNSET:
            field_dict["caption"] = caption
        if image_url is not UNSET:
            field_dict["image_url"] = image_url
        if image_urls is not UNSET:
            field_dict["image_urls"] = image_urls
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if tags is not UNSET:
            field_dict["tags"] = tags
        if language is not UNSET:
            field_dict["language"] = language
        if sensitive is not UNSET:
            field_dict["sensitive"] = sensitive

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        author_id = d.pop("author_id")

        caption = d.pop("caption", UNSET)

        def _parse_image_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        image_url = _parse_image_url(d.pop("image_url", UNSET))

        def _parse_image_urls(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                image_urls_type_0 = cast(list[str], data)

                return image_urls_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        image_urls = _parse_image_urls(d.pop("image_urls", UNSET))

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

        def _parse_tags(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                tags_type_0 = cast(list[str], data)

                return tags_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        tags = _parse_tags(d.pop("tags", UNSET))

        def _parse_language(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        language = _parse_language(d.pop("language", UNSET))

        def _parse_sensitive(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        sensitive = _parse_sensitive(d.pop("sensitive", UNSET))

        post_put = cls(
            author_id=author_id,
            caption=caption,
            image_url=image_url,
            image_urls=image_urls,
            created_at=created_at,
            tags=tags,
            language=language,
            sensitive=sensitive,
        )

        return post_put
