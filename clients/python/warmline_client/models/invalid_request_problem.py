from __future__ import annotations

from collections.abc import Mapping
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    TypeVar,
    cast,
)

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.invalid_request_problem_status import InvalidRequestProblemStatus
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.invalid_request_problem_errors_item import (
        InvalidRequestProblemErrorsItem,
    )


T = TypeVar("T", bound="InvalidRequestProblem")


@_attrs_define
class InvalidRequestProblem:
    """A problem (RFC 9457) of the kind `invalid-request`.

    Attributes:
        type_ (Literal['urn:warmline:problem:invalid-request']):
        title (str):
        status (InvalidRequestProblemStatus):
        detail (str): what is wrong, and what to do
        errors (list[InvalidRequestProblemErrorsItem] | Unset): what is wrong where; absent when the whole body is meant
    """

    type_: Literal["urn:warmline:problem:invalid-request"]
    title: str
    status: InvalidRequestProblemStatus
    detail: str
    errors: list[InvalidRequestProblemErrorsItem] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        title = self.title

        status = self.status.value

        detail = self.detail

        errors: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.errors, Unset):
            errors = []
            for errors_item_data in self.errors:
                errors_item = errors_item_data.to_dict()
                errors.append(errors_item)

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
        if errors is not UNSET:
            field_dict["errors"] = errors

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.invalid_request_problem_errors_item import (
            InvalidRequestProblemErrorsItem,  # noqa: PLC0415
        )

        d = dict(src_dict)
        type_ = cast(Literal["urn:warmline:problem:invalid-request"], d.pop("type"))
        if type_ != "urn:warmline:problem:invalid-request":
            raise ValueError(f"type must match const 'urn:warmline:problem:invalid-request', got '{type_}'")

        title = d.pop("title")

        status = InvalidRequestProblemStatus(d.pop("status"))

        detail = d.pop("detail")

        _errors = d.pop("errors", UNSET)
        errors: list[InvalidRequestProblemErrorsItem] | Unset = UNSET
        if _errors is not UNSET:
            errors = []
            for errors_item_data in _errors:
                errors_item = InvalidRequestProblemErrorsItem.from_dict(errors_item_data)

                errors.append(errors_item)

        invalid_request_problem = cls(
            type_=type_,
            title=title,
            status=status,
            detail=detail,
            errors=errors,
        )

        invalid_request_problem.additional_properties = d
        return invalid_request_problem

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
