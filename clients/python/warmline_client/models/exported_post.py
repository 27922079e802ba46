from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.exported_failure import ExportedFailure
    from ..models.exported_vector import ExportedVector


T = TypeVar("T", bound="ExportedPost")


@_attrs_define
class ExportedPost:
    """A post of the person.

    Attributes:
        home (str): `warmline`: our own tables; `view`: your view
        id (None | str):
        caption (None | str):
        image_url (None | str):
        image_urls (list[None | str] | None): further photos
        created_at (datetime.datetime | None):
        deleted_at (datetime.datetime | None):
        deleted_by_api_at (datetime.datetime | None):
        hidden_at (datetime.datetime | None): since when the API hides it from everybody
        tags (list[None | str] | None):
        language (None | str):
        sensitive (bool | None):
        number (int | None): by which lists name it; null: no list has held it
        vectors (list[ExportedVector]):
        failures (list[ExportedFailure]):
        has_fingerprint (bool): the photo is compared with others by a fingerprint
    """

    home: str
    id: None | str
    caption: None | str
    image_url: None | str
    image_urls: list[None | str] | None
    created_at: datetime.datetime | None
    deleted_at: datetime.datetime | None
    deleted_by_api_at: datetime.datetime | None
    hidden_at: datetime.datetime | None
    tags: list[None | str] | None
    language: None | str
    sensitive: bool | None
    number: int | None
    vectors: list[ExportedVector]
    failures: list[ExportedFailure]
    has_fingerprint: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        home = self.home

        id: None | str
        id = self.id

        caption: None | str
        caption = self.caption

        image_url: None | str
        image_url = self.image_url

        image_urls: list[None | str] | None
        if isinstance(self.image_urls, list):
            image_urls = []
            for image_urls_type_0_item_data in self.image_urls:
                image_urls_type_0_item: None | str
                image_urls_type_0_item = image_urls_type_0_item_data
                image_urls.append(image_urls_type_0_item)

        else:
            image_urls = self.image_urls

        created_at: None | str
        if isinstance(self.created_at, datetime.datetime):
            created_at = self.created_at.isoformat()
        else:
            created_at = self.created_at

        deleted_at: None | str
        if isinstance(self.deleted_at, datetime.datetime):
            deleted_at = self.deleted_at.isoformat()
        else:
            deleted_at = self.deleted_at

        deleted_by_api_at: None | str
        if isinstance(self.deleted_by_api_at, datetime.datetime):
            deleted_by_api_at = self.deleted_by_api_at.isoformat()
        else:
            deleted_by_api_at = self.deleted_by_api_at

        hidden_at: None | str
        if isinstance(self.hidden_at, datetime.datetime):
            hidden_at = self.hidden_at.isoformat()
        else:
            hidden_at = self.hidden_at

        tags: list[None | str] | None
        if isinstance(self.tags, list):
            tags = []
            for tags_type_0_item_data in self.tags:
                tags_type_0_item: None | str
                tags_type_0_item = tags_type_0_item_data
                tags.append(tags_type_0_item)

        else:
            tags = self.tags

        language: None | str
        language = self.language

        sensitive: bool | None
        sensitive = self.sensitive

        number: int | None
        number = self.number

        vectors = []
        for vectors_item_data in self.vectors:
            vectors_item = vectors_item_data.to_dict()
            vectors.append(vectors_item)

        failures = []
        for failures_item_data in self.failures:
            failures_item = failures_item_data.to_dict()
            failures.append(failures_item)

        has_fingerprint = self.has_fingerprint

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "home": home,
                "id": id,
                "caption": caption,
                "image_url": image_url,
                "image_urls": image_urls,
                "created_at": created_at,
                "deleted_at": deleted_at,
                "deleted_by_api_at": deleted_by_api_at,
                "hidden_at": hidden_at,
                "tags": tags,
                "language": language,
                "sensitive": sensitive,
                "number": number,
                "vectors": vectors,
                "failures": failures,
                "has_fingerprint": has_fingerprint,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.exported_failure import ExportedFailure  # noqa: PLC0415
        from ..models.exported_vector import ExportedVector  # noqa: PLC0415

        d = dict(src_dict)
        home = d.pop("home")

        def _parse_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        id = _parse_id(d.pop("id"))

        def _parse_caption(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        caption = _parse_caption(d.pop("caption"))

        def _parse_image_url(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        image_url = _parse_image_url(d.pop("image_url"))

        def _parse_image_urls(data: object) -> list[None | str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                image_urls_type_0 = []
                _image_urls_type_0 = data
                for image_urls_type_0_item_data in _image_urls_type_0:

                    def _parse_image_urls_type_0_item(data: object) -> None | str:
                        if data is None:
                            return data
                        return cast(None | str, data)

                    image_urls_type_0_item = _parse_image_urls_type_0_item(image_urls_type_0_item_data)

                    image_urls_type_0.append(image_urls_type_0_item)

                return image_urls_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[None | str] | None, data)

        image_urls = _parse_image_urls(d.pop("image_urls"))

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

        def _parse_deleted_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                deleted_at_type_0 = datetime.datetime.fromisoformat(data)

                return deleted_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        deleted_at = _parse_deleted_at(d.pop("deleted_at"))

        def _parse_deleted_by_api_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                deleted_by_api_at_type_0 = datetime.datetime.fromisoformat(data)

                return deleted_by_api_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        deleted_by_api_at = _parse_deleted_by_api_at(d.pop("deleted_by_api_at"))

        def _parse_hidden_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                hidden_at_type_0 = datetime.datetime.fromisoformat(data)

                return hidden_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        hidden_at = _parse_hidden_at(d.pop("hidden_at"))

        def _parse_tags(data: object) -> list[None | str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                tags_type_0 = []
                _tags_type_0 = data
                for tags_type_0_item_data in _tags_type_0:

                    def _parse_tags_type_0_item(data: object) -> None | str:
                        if data is None:
                            return data
                        return cast(None | str, data)

                    tags_type_0_item = _parse_tags_type_0_item(tags_type_0_item_data)

                    tags_type_0.append(tags_type_0_item)

                return tags_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[None | str] | None, data)

        tags = _parse_tags(d.pop("tags"))

        def _parse_language(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        language = _parse_language(d.pop("language"))

        def _parse_sensitive(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        sensitive = _parse_sensitive(d.pop("sensitive"))

        def _parse_number(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        number = _parse_number(d.pop("number"))

        vectors = []
        _vectors = d.pop("vectors")
        for vectors_item_data in _vectors:
            vectors_item = ExportedVector.from_dict(vectors_item_data)

            vectors.append(vectors_item)

        failures = []
        _failures = d.pop("failures")
        for failures_item_data in _failures:
            failures_item = ExportedFailure.from_dict(failures_item_data)

            failures.append(failures_item)

        has_fingerprint = d.pop("has_fingerprint")

        exported_post = cls(
            home=home,
            id=id,
            caption=caption,
            image_url=image_url,
            image_urls=image_urls,
            created_at=created_at,
            deleted_at=deleted_at,
            deleted_by_api_at=deleted_by_api_at,
            hidden_at=hidden_at,
            tags=tags,
            language=language,
            sensitive=sensitive,
            number=number,
            vectors=vectors,
            failures=failures,
            has_fingerprint=has_fingerprint,
        )

        exported_post.additional_properties = d
        return exported_post

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
