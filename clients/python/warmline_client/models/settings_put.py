from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.settings_put_sensitive_type_0 import SettingsPutSensitiveType0
from ..types import UNSET, Unset

T = TypeVar("T", bound="SettingsPut")


@_attrs_define
class SettingsPut:
    """What `PUT /users/{id}/preferences` takes; what is left out stays as it is.

    Attributes:
        languages (list[str] | None | Unset): show posts in these languages, and those that name none; empty: in all
        sensitive (None | SettingsPutSensitiveType0 | Unset): whether posts that are called sensitive are shown
        personalised (bool | None | Unset): false: what everyone is served, and nothing is learned from the user's
            events
    """

    languages: list[str] | None | Unset = UNSET
    sensitive: None | SettingsPutSensitiveType0 | Unset = UNSET
    personalised: bool | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        languages: list[str] | None | Unset
        if isinstance(self.languages, Unset):
            languages = UNSET
        elif isinstance(self.languages, list):
            languages = self.languages

        else:
            languages = self.languages

        sensitive: None | str | Unset
        if isinstance(self.sensitive, Unset):
            sensitive = UNSET
        elif isinstance(self.sensitive, SettingsPutSensitiveType0):
            sensitive = self.sensitive.value
        else:
            sensitive = self.sensitive

        personalised: bool | None | Unset
        if isinstance(self.personalised, Unset):
            personalised = UNSET
        else:
            personalised = self.personalised

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if languages is not UNSET:
            field_dict["languages"] = languages
        if sensitive is not UNSET:
            field_dict["sensitive"] = sensitive
        if personalised is not UNSET:
            field_dict["personalised"] = personalised

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_languages(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                languages_type_0 = cast(list[str], data)

                return languages_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        languages = _parse_languages(d.pop("languages", UNSET))

        def _parse_sensitive(data: object) -> None | SettingsPutSensitiveType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                sensitive_type_0 = SettingsPutSensitiveType0(data)

                return sensitive_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | SettingsPutSensitiveType0 | Unset, data)

        sensitive = _parse_sensitive(d.pop("sensitive", UNSET))

        def _parse_personalised(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        personalised = _parse_personalised(d.pop("personalised", UNSET))

        settings_put = cls(
            languages=languages,
            sensitive=sensitive,
            personalised=personalised,
        )

        return settings_put
