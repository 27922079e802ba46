from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.model_answer_report import ModelAnswerReport


T = TypeVar("T", bound="ModelAnswer")


@_attrs_define
class ModelAnswer:
    """One version of the model.

    Attributes:
        version (int):
        alias (None | str): champion, previous, or null
        state (str): accepted or rejected, by the gate
        verdict (str):
        created_at (datetime.datetime):
        report (ModelAnswerReport):
    """

    version: int
    alias: None | str
    state: str
    verdict: str
    created_at: datetime.datetime
    report: ModelAnswerReport
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        version = self.version

        alias: None | str
        alias = self.alias

        state = self.state

        verdict = self.verdict

        created_at = self.created_at.isoformat()

        report = self.report.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "version": version,
                "alias": alias,
                "state": state,
                "verdict": verdict,
                "created_at": created_at,
                "report": report,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.model_answer_report import ModelAnswerReport  # noqa: PLC0415

        d = dict(src_dict)
        version = d.pop("version")

        def _parse_alias(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        alias = _parse_alias(d.pop("alias"))

        state = d.pop("state")

        verdict = d.pop("verdict")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        report = ModelAnswerReport.from_dict(d.pop("report"))

        model_answer = cls(
            version=version,
            alias=alias,
            state=state,
            verdict=verdict,
            created_at=created_at,
            report=report,
        )

        model_answer.additional_properties = d
        return model_answer

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
