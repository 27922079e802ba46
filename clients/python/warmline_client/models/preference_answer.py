from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.preference_target_answer import PreferenceTargetAnswer


T = TypeVar("T", bound="PreferenceAnswer")


@_attrs_define
class PreferenceAnswer:
    """One thing that the user has said; one of `more`, `less` and `mute`.

    Attributes:
        preference_id (None | str): null: a mute in your own view, which only you can take back
        created_at (datetime.datetime | None):
        expires_at (datetime.datetime | None):
        more (None | PreferenceTargetAnswer | Unset):
        less (None | PreferenceTargetAnswer | Unset):
        mute (None | PreferenceTargetAnswer | Unset):
        pending (bool | None | Unset): with 202 only: some pages may not obey it yet
    """

    preference_id: None | str
    created_at: datetime.datetime | None
    expires_at: datetime.datetime | None
    more: None | PreferenceTargetAnswer | Unset = UNSET
    less: None | PreferenceTargetAnswer | Unset = UNSET
    mute: None | PreferenceTargetAnswer | Unset = UNSET
    pending: bool | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.preference_target_answer import PreferenceTargetAnswer  # noqa: PLC0415

        preference_id: None | str
        preference_id = self.preference_id

        created_at: None | str
        if isinstance(self.created_at, datetime.datetime):
            created_at = self.created_at.isoformat()
        else:
            created_at = self.created_at

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        more: dict[str, Any] | None | Unset
        if isinstance(self.more, Unset):
            more = UNSET
        elif isinstance(self.more, PreferenceTargetAnswer):
            more = self.more.to_dict()
        else:
            more = self.more

        less: dict[str, Any] | None | Unset
        if isinstance(self.less, Unset):
            less = UNSET
        elif isinstance(self.less, PreferenceTargetAnswer):
            less = self.less.to_dict()
        else:
            less = self.less

        mute: dict[str, Any] | None | Unset
        if isinstance(self.mute, Unset):
            mute = UNSET
        elif isinstance(self.mute, PreferenceTargetAnswer):
            mute = self.mute.to_dict()
        else:
            mute = self.mute

        pending: bool | None | Unset
        if isinstance(self.pending, Unset):
            pending = UNSET
        else:
            pending = self.pending

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "preference_id": preference_id,
                "created_at": created_at,
                "expires_at": expires_at,
            }
        )
        if more is not UNSET:
            field_dict["more"] = more
        if less is not UNSET:
            field_dict["less"] = less
        if mute is not UNSET:
            field_dict["mute"] = mute
        if pending is not UNSET:
            field_dict["pending"] = pending

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.preference_target_answer import PreferenceTargetAnswer  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_preference_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        preference_id = _parse_preference_id(d.pop("preference_id"))

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

        def _parse_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        expires_at = _parse_expires_at(d.pop("expires_at"))

        def _parse_more(data: object) -> None | PreferenceTargetAnswer | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                more_type_0 = PreferenceTargetAnswer.from_dict(data)

                return more_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PreferenceTargetAnswer | Unset, data)

        more = _parse_more(d.pop("more", UNSET))

        def _parse_less(data: object) -> None | PreferenceTargetAnswer | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                less_type_0 = PreferenceTargetAnswer.from_dict(data)

                return less_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PreferenceTargetAnswer | Unset, data)

        less = _parse_less(d.pop("less", UNSET))

        def _parse_mute(data: object) -> None | PreferenceTargetAnswer | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                mute_type_0 = PreferenceTargetAnswer.from_dict(data)

                return mute_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PreferenceTargetAnswer | Unset, data)

        mute = _parse_mute(d.pop("mute", UNSET))

        def _parse_pending(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        pending = _parse_pending(d.pop("pending", UNSET))

        preference_answer = cls(
            preference_id=preference_id,
            created_at=created_at,
            expires_at=expires_at,
            more=more,
            less=less,
            mute=mute,
            pending=pending,
        )

        preference_answer.additional_properties = d
        return preference_answer

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
