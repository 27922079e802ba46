from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ServiceAnswer")


@_attrs_define
class ServiceAnswer:
    """A process of a service with a recent sign of life.

    Attributes:
        service (str):
        worker (str):
        started_at (datetime.datetime):
        seen_at (datetime.datetime):
    """

    service: str
    worker: str
    started_at: datetime.datetime
    seen_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        service = self.service

        worker = self.worker

        started_at = self.started_at.isoformat()

        seen_at = self.seen_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "service": service,
                "worker": worker,
                "started_at": started_at,
                "seen_at": seen_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        service = d.pop("service")

        worker = d.pop("worker")

        started_at = datetime.datetime.fromisoformat(d.pop("started_at"))

        seen_at = datetime.datetime.fromisoformat(d.pop("seen_at"))

        service_answer = cls(
            service=service,
            worker=worker,
            started_at=started_at,
            seen_at=seen_at,
        )

        service_answer.additional_properties = d
        return service_answer

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
