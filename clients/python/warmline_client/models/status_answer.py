from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.feed_answer import FeedAnswer
    from ..models.live_answers import LiveAnswers
    from ..models.model_answer import ModelAnswer
    from ..models.phase_answer import PhaseAnswer
    from ..models.phase_change_record import PhaseChangeRecord
    from ..models.publications_answer import PublicationsAnswer
    from ..models.readiness_answer import ReadinessAnswer
    from ..models.run_answer import RunAnswer
    from ..models.service_answer import ServiceAnswer
    from ..models.status_answer_missing import StatusAnswerMissing


T = TypeVar("T", bound="StatusAnswer")


@_attrs_define
class StatusAnswer:
    """What an operator looks at first.

    Attributes:
        phase (PhaseAnswer): The phase in force.
        phase_changes (list[PhaseChangeRecord]):
        lists (PublicationsAnswer): The publications of both phases; null: none, or Redis does not answer.
        live (LiveAnswers): Those of both phases; absent: Redis does not answer.
        runs (list[RunAnswer]):
        services (list[ServiceAnswer]):
        models (list[ModelAnswer]):
        feeds (list[FeedAnswer]):
        missing (StatusAnswerMissing): store or list → what is the matter
        readiness (ReadinessAnswer): How far the app is from phase 2; null: not counted yet.
    """

    phase: PhaseAnswer
    phase_changes: list[PhaseChangeRecord]
    lists: PublicationsAnswer
    live: LiveAnswers
    runs: list[RunAnswer]
    services: list[ServiceAnswer]
    models: list[ModelAnswer]
    feeds: list[FeedAnswer]
    missing: StatusAnswerMissing
    readiness: ReadinessAnswer
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        phase = self.phase.to_dict()

        phase_changes = []
        for phase_changes_item_data in self.phase_changes:
            phase_changes_item = phase_changes_item_data.to_dict()
            phase_changes.append(phase_changes_item)

        lists = self.lists.to_dict()

        live = self.live.to_dict()

        runs = []
        for runs_item_data in self.runs:
            runs_item = runs_item_data.to_dict()
            runs.append(runs_item)

        services = []
        for services_item_data in self.services:
            services_item = services_item_data.to_dict()
            services.append(services_item)

        models = []
        for models_item_data in self.models:
            models_item = models_item_data.to_dict()
            models.append(models_item)

        feeds = []
        for feeds_item_data in self.feeds:
            feeds_item = feeds_item_data.to_dict()
            feeds.append(feeds_item)

        missing = self.missing.to_dict()

        readiness = self.readiness.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "phase": phase,
                "phase_changes": phase_changes,
                "lists": lists,
                "live": live,
                "runs": runs,
                "services": services,
                "models": models,
                "feeds": feeds,
                "missing": missing,
                "readiness": readiness,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.feed_answer import FeedAnswer  # noqa: PLC0415
        from ..models.live_answers import LiveAnswers  # noqa: PLC0415
        from ..models.model_answer import ModelAnswer  # noqa: PLC0415
        from ..models.phase_answer import PhaseAnswer  # noqa: PLC0415
        from ..models.phase_change_record import PhaseChangeRecord  # noqa: PLC0415
        from ..models.publications_answer import PublicationsAnswer  # noqa: PLC0415
        from ..models.readiness_answer import ReadinessAnswer  # noqa: PLC0415
        from ..models.run_answer import RunAnswer  # noqa: PLC0415
        from ..models.service_answer import ServiceAnswer  # noqa: PLC0415
        from ..models.status_answer_missing import StatusAnswerMissing  # noqa: PLC0415

        d = dict(src_dict)
        phase = PhaseAnswer.from_dict(d.pop("phase"))

        phase_changes = []
        _phase_changes = d.pop("phase_changes")
        for phase_changes_item_data in _phase_changes:
            phase_changes_item = PhaseChangeRecord.from_dict(phase_changes_item_data)

            phase_changes.append(phase_changes_item)

        lists = PublicationsAnswer.from_dict(d.pop("lists"))

        live = LiveAnswers.from_dict(d.pop("live"))

        runs = []
        _runs = d.pop("runs")
        for runs_item_data in _runs:
            runs_item = RunAnswer.from_dict(runs_item_data)

            runs.append(runs_item)

        services = []
        _services = d.pop("services")
        for services_item_data in _services:
            services_item = ServiceAnswer.from_dict(services_item_data)

            services.append(services_item)

        models = []
        _models = d.pop("models")
        for models_item_data in _models:
            models_item = ModelAnswer.from_dict(models_item_data)

            models.append(models_item)

        feeds = []
        _feeds = d.pop("feeds")
        for feeds_item_data in _feeds:
            feeds_item = FeedAnswer.from_dict(feeds_item_data)

            feeds.append(feeds_item)

        missing = StatusAnswerMissing.from_dict(d.pop("missing"))

        readiness = ReadinessAnswer.from_dict(d.pop("readiness"))

        status_answer = cls(
            phase=phase,
            phase_changes=phase_changes,
            lists=lists,
            live=live,
            runs=runs,
            services=services,
            models=models,
            feeds=feeds,
            missing=missing,
            readiness=readiness,
        )

        status_answer.additional_properties = d
        return status_answer

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
