from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.preference_target import PreferenceTarget


T = TypeVar("T", bound="PreferencePost")


@_attrs_define
class PreferencePost:
    """What `POST /users/{id}/preferences` takes: exactly one of `more`, `less` and `mute`.

    Attributes:
        more (None | PreferenceTarget | Unset): show more of this
        less (None | PreferenceTarget | Unset): show less of this
        mute (None | PreferenceTarget | Unset): show none of this
        expires_at (datetime.datetime | None | Unset): when it ends by itself; blank: never
    """

    more: None | PreferenceTarget | Unset = UNSET
    less: None | PreferenceTarget | Unset = UNSET
    mute: None | PreferenceTarget | Unset = UNSET
    expires_at: datetime.datetime | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.preference_target import PreferenceTarget  # noqa: PLC0415

        more: dict[str, Any] | None | Unset
        if isinstance(self.more, Unset):
            more = UNSET
        elif isinstance(self.more, PreferenceTarget):
            more = self.more.to_dict()
        else:
            more = self.more

        less: dict[str, Any] | None | Unset
        if isinstance(self.less, Unset):
            less = UNSET
        elif isinstance(self.less, PreferenceTarget):
            less = self.less.to_dict()
        else:
            less = self.less

        mute: dict[str, Any] | None | Unset
        if isinstance(self.mute, Unset):
            mute = UNSET
        elif isinstance(self.mute, PreferenceTarget):
            mute = self.mute.to_dict()
        else:
            mute = self.mute

        expires_at: None | str | Unset
        if isinstance(self.expires_at, Unset):
            expires_at = UNSET
        elif isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if more is not UNSET:
            field_dict["more"] = more
        if less is not UNSET:
            field_dict["less"] = less
        if mute is not UNSET:
            field_dict["mute"] = mute
        if expires_at is not UNSET:
            field_dict["expires_at"] = expires_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.preference_target import PreferenceTarget  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_more(data: object) -> None | PreferenceTarget | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                more_type_0 = PreferenceTarget.from_dict(data)

                return more_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PreferenceTarget | Unset, data)

        more = _parse_more(d.pop("more", UNSET))

        def _parse_less(data: object) -> None | PreferenceTarget | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                less_type_0 = PreferenceTarget.from_dict(data)

                return less_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PreferenceTarget | Unset, data)

        less = _parse_less(d.pop("less", UNSET))

        def _parse_mute(data: object) -> None | PreferenceTarget | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                mute_type_0 = PreferenceTarget.from_dict(data)

                return mute_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PreferenceTarget | Unset, data)

        mute = _parse_mute(d.pop("mute", UNSET))

        def _parse_expires_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        expires_at = _parse_expires_at(d.pop("expires_at", UNSET))

        preference_post = cls(
            more=more,
            less=less,
            mute=mute,
            expires_at=expires_at,
        )

        return preference_post
