from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.model_answer import ModelAnswer


T = TypeVar("T", bound="ChampionAnswer")


@_attrs_define
class ChampionAnswer:
    """The new champion, and the scoring run that its lists come with.

    Attributes:
        champion (ModelAnswer): One version of the model.
        run (int):
        files_checked (bool): whether the model's files were compared with their record
        warning (None | str | Unset): why they were not: the model folder is not mounted here; absent when they were
    """

    champion: ModelAnswer
    run: int
    files_checked: bool
    warning: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        champion = self.champion.to_dict()

        run = self.run

        files_checked = self.files_checked

        warning: None | str | Unset
        if isinstance(self.warning, Unset):
            warning = UNSET
        else:
            warning = self.warning

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "champion": champion,
                "run": run,
                "files_checked": files_checked,
            }
        )
        if warning is not UNSET:
            field_dict["warning"] = warning

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.model_answer import ModelAnswer  # noqa: PLC0415

        d = dict(src_dict)
        champion = ModelAnswer.from_dict(d.pop("champion"))

        run = d.pop("run")

        files_checked = d.pop("files_checked")

        def _parse_warning(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        warning = _parse_warning(d.pop("warning", UNSET))

        champion_answer = cls(
            champion=champion,
            run=run,
            files_checked=files_checked,
            warning=warning,
        )

        champion_answer.additional_properties = d
        return champion_answer

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
