from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.counted_answer import CountedAnswer
    from ..models.readiness_answer_candidates_with_vectors import (
        ReadinessAnswerCandidatesWithVectors,
    )
    from ..models.verdict_answer import VerdictAnswer


T = TypeVar("T", bound="ReadinessAnswer")


@_attrs_define
class ReadinessAnswer:
    """How far the app is from phase 2; null: not counted yet.

    Attributes:
        sentence (str):
        enough_data (bool | None):
        events (int | None):
        positives (int | None):
        warm_users (int | None):
        posts (int | None):
        counted (CountedAnswer | None):
        candidates_with_vectors (ReadinessAnswerCandidatesWithVectors):
        last_verdict (None | VerdictAnswer):
    """

    sentence: str
    enough_data: bool | None
    events: int | None
    positives: int | None
    warm_users: int | None
    posts: int | None
    counted: CountedAnswer | None
    candidates_with_vectors: ReadinessAnswerCandidatesWithVectors
    last_verdict: None | VerdictAnswer
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.counted_answer import CountedAnswer  # noqa: PLC0415
        from ..models.verdict_answer import VerdictAnswer  # noqa: PLC0415

        sentence = self.sentence

        enough_data: bool | None
        enough_data = self.enough_data

        events: int | None
        events = self.events

        positives: int | None
        positives = self.positives

        warm_users: int | None
        warm_users = self.warm_users

        posts: int | None
        posts = self.posts

        counted: dict[str, Any] | None
        if isinstance(self.counted, CountedAnswer):
            counted = self.counted.to_dict()
        else:
            counted = self.counted

        candidates_with_vectors = self.candidates_with_vectors.to_dict()

        last_verdict: dict[str, Any] | None
        if isinstance(self.last_verdict, VerdictAnswer):
            last_verdict = self.last_verdict.to_dict()
        else:
            last_verdict = self.last_verdict

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "sentence": sentence,
                "enough_data": enough_data,
                "events": events,
                "positives": positives,
                "warm_users": warm_users,
                "posts": posts,
                "counted": counted,
                "candidates_with_vectors": candidates_with_vectors,
                "last_verdict": last_verdict,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.counted_answer import CountedAnswer  # noqa: PLC0415
        from ..models.readiness_answer_candidates_with_vectors import (
            ReadinessAnswerCandidatesWithVectors,  # noqa: PLC0415
        )
        from ..models.verdict_answer import VerdictAnswer  # noqa: PLC0415

        d = dict(src_dict)
        sentence = d.pop("sentence")

        def _parse_enough_data(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        enough_data = _parse_enough_data(d.pop("enough_data"))

        def _parse_events(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        events = _parse_events(d.pop("events"))

        def _parse_positives(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        positives = _parse_positives(d.pop("positives"))

        def _parse_warm_users(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        warm_users = _parse_warm_users(d.pop("warm_users"))

        def _parse_posts(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        posts = _parse_posts(d.pop("posts"))

        def _parse_counted(data: object) -> CountedAnswer | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                counted_type_0 = CountedAnswer.from_dict(data)

                return counted_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CountedAnswer | None, data)

        counted = _parse_counted(d.pop("counted"))

        candidates_with_vectors = ReadinessAnswerCandidatesWithVectors.from_dict(d.pop("candidates_with_vectors"))

        def _parse_last_verdict(data: object) -> None | VerdictAnswer:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                last_verdict_type_0 = VerdictAnswer.from_dict(data)

                return last_verdict_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | VerdictAnswer, data)

        last_verdict = _parse_last_verdict(d.pop("last_verdict"))

        readiness_answer = cls(
            sentence=sentence,
            enough_data=enough_data,
            events=events,
            positives=positives,
            warm_users=warm_users,
            posts=posts,
            counted=counted,
            candidates_with_vectors=candidates_with_vectors,
            last_verdict=last_verdict,
        )

        readiness_answer.additional_properties = d
        return readiness_answer

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
