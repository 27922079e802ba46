from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.preferences_answer_sensitive import PreferencesAnswerSensitive

if TYPE_CHECKING:
    from ..models.preference_answer import PreferenceAnswer


T = TypeVar("T", bound="PreferencesAnswer")


@_attrs_define
class PreferencesAnswer:
    """All that the user has said and that has not ended, the oldest first.

    Attributes:
        user_id (str):
        preferences (list[PreferenceAnswer]):
        languages (list[str]):
        sensitive (PreferencesAnswerSensitive):
        personalised (bool):
    """

    user_id: str
    preferences: list[PreferenceAnswer]
    languages: list[str]
    sensitive: PreferencesAnswerSensitive
    personalised: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        user_id = self.user_id

        preferences = []
        for preferences_item_data in self.preferences:
            preferences_item = preferences_item_data.to_dict()
            preferences.append(preferences_item)

        languages = self.languages

        sensitive = self.sensitive.value

        personalised = self.personalised

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "user_id": user_id,
                "preferences": preferences,
                "languages": languages,
                "sensitive": sensitive,
                "personalised": personalised,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.preference_answer import PreferenceAnswer  # noqa: PLC0415

        d = dict(src_dict)
        user_id = d.pop("user_id")

        preferences = []
        _preferences = d.pop("preferences")
        for preferences_item_data in _preferences:
            preferences_item = PreferenceAnswer.from_dict(preferences_item_data)

            preferences.append(preferences_item)

        languages = cast(list[str], d.pop("languages"))

        sensitive = PreferencesAnswerSensitive(d.pop("sensitive"))

        personalised = d.pop("personalised")

        preferences_answer = cls(
            user_id=user_id,
            preferences=preferences,
            languages=languages,
            sensitive=sensitive,
            personalised=personalised,
        )

        preferences_answer.additional_properties = d
        return preferences_answer

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
