from __future__ import annotations

from collections.abc import Mapping
from typing import (
    Any,
    Literal,
    TypeVar,
    cast,
)

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.user_unknown_problem_status import UserUnknownProblemStatus

T = TypeVar("T", bound="UserUnknownProblem")


@_attrs_define
class UserUnknownProblem:
    """A problem (RFC 9457) of the kind `user-unknown`.

    Attributes:
        type_ (Literal['urn:warmline:problem:user-unknown']):
        title (str):
        status (UserUnknownProblemStatus):
        detail (str): what is wrong, and what to do
    """

    type_: Literal["urn:warmline:problem:user-unknown"]
    title: str
    status: UserUnknownProblemStatus
    detail: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        title = self.title

        status = self.status.value

        detail = self.detail

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
                "title": title,
                "status": status,
                "detail": detail,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = cast(Literal["urn:warmline:problem:user-unknown"], d.pop("type"))
        if type_ != "urn:warmline:problem:user-unknown":
            raise ValueError(f"type must match const 'urn:warmline:problem:user-unknown', got '{type_}'")

        title = d.pop("title")

        status = UserUnknownProblemStatus(d.pop("status"))

        detail = d.pop("detail")

        user_unknown_problem = cls(
            type_=type_,
            title=title,
            status=status,
            detail=detail,
        )

        user_unknown_problem.additional_properties = d
        return user_unknown_problem

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
