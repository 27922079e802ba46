from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.live_answer import LiveAnswer


T = TypeVar("T", bound="LiveAnswers")


@_attrs_define
class LiveAnswers:
    """Those of both phases; absent: Redis does not answer.

    Attributes:
        heuristic (LiveAnswer | None | Unset):
        neucf (LiveAnswer | None | Unset):
    """

    heuristic: LiveAnswer | None | Unset = UNSET
    neucf: LiveAnswer | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.live_answer import LiveAnswer  # noqa: PLC0415

        heuristic: dict[str, Any] | None | Unset
        if isinstance(self.heuristic, Unset):
            heuristic = UNSET
        elif isinstance(self.heuristic, LiveAnswer):
            heuristic = self.heuristic.to_dict()
        else:
            heuristic = self.heuristic

        neucf: dict[str, Any] | None | Unset
        if isinstance(self.neucf, Unset):
            neucf = UNSET
        elif isinstance(self.neucf, LiveAnswer):
            neucf = self.neucf.to_dict()
        else:
            neucf = self.neucf

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if heuristic is not UNSET:
            field_dict["heuristic"] = heuristic
        if neucf is not UNSET:
            field_dict["neucf"] = neucf

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.live_answer import LiveAnswer  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_heuristic(data: object) -> LiveAnswer | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                heuristic_type_0 = LiveAnswer.from_dict(data)

                return heuristic_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(LiveAnswer | None | Unset, data)

        heuristic = _parse_heuristic(d.pop("heuristic", UNSET))

        def _parse_neucf(data: object) -> LiveAnswer | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                neucf_type_0 = LiveAnswer.from_dict(data)

                return neucf_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(LiveAnswer | None | Unset, data)

        neucf = _parse_neucf(d.pop("neucf", UNSET))

        live_answers = cls(
            heuristic=heuristic,
            neucf=neucf,
        )

        live_answers.additional_properties = d
        return live_answers

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
