from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.publication_answer import PublicationAnswer


T = TypeVar("T", bound="PublicationsAnswer")


@_attrs_define
class PublicationsAnswer:
    """The publications of both phases; null: none, or Redis does not answer.

    Attributes:
        heuristic (None | PublicationAnswer):
        neucf (None | PublicationAnswer):
    """

    heuristic: None | PublicationAnswer
    neucf: None | PublicationAnswer
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.publication_answer import PublicationAnswer  # noqa: PLC0415

        heuristic: dict[str, Any] | None
        if isinstance(self.heuristic, PublicationAnswer):
            heuristic = self.heuristic.to_dict()
        else:
            heuristic = self.heuristic

        neucf: dict[str, Any] | None
        if isinstance(self.neucf, PublicationAnswer):
            neucf = self.neucf.to_dict()
        else:
            neucf = self.neucf

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "heuristic": heuristic,
                "neucf": neucf,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.publication_answer import PublicationAnswer  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_heuristic(data: object) -> None | PublicationAnswer:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                heuristic_type_0 = PublicationAnswer.from_dict(data)

                return heuristic_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PublicationAnswer, data)

        heuristic = _parse_heuristic(d.pop("heuristic"))

        def _parse_neucf(data: object) -> None | PublicationAnswer:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                neucf_type_0 = PublicationAnswer.from_dict(data)

                return neucf_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PublicationAnswer, data)

        neucf = _parse_neucf(d.pop("neucf"))

        publications_answer = cls(
            heuristic=heuristic,
            neucf=neucf,
        )

        publications_answer.additional_properties = d
        return publications_answer

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
