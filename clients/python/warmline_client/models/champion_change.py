from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ChampionChange")


@_attrs_define
class ChampionChange:
    """What `PUT /admin/models/champion` takes.

    Attributes:
        version (int):
        override (bool | Unset): promote a version that the gate rejected; audited Default: False.
    """

    version: int
    override: bool | Unset = False

    def to_dict(self) -> dict[str, Any]:
        version = self.version

        override = self.override

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "version": version,
            }
        )
        if override is not UNSET:
            field_dict["override"] = override

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        version = d.pop("version")

        override = d.pop("override", UNSET)

        champion_change = cls(
            version=version,
            override=override,
        )

        return champion_change
