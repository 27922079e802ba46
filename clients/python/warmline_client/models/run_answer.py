from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.run_answer_state import RunAnswerState

if TYPE_CHECKING:
    from ..models.run_answer_progress_type_0 import RunAnswerProgressType0
    from ..models.run_answer_report_type_0 import RunAnswerReportType0


T = TypeVar("T", bound="RunAnswer")


@_attrs_define
class RunAnswer:
    """One run of a job.

    Attributes:
        id (int):
        job (str):
        state (RunAnswerState):
        requested_by (str):
        requested_at (datetime.datetime):
        worker (None | str):
        fence (int | None):
        started_at (datetime.datetime | None):
        lease_until (datetime.datetime | None):
        finished_at (datetime.datetime | None):
        report (None | RunAnswerReportType0):
        error (None | str):
        progress (None | RunAnswerProgressType0):
    """

    id: int
    job: str
    state: RunAnswerState
    requested_by: str
    requested_at: datetime.datetime
    worker: None | str
    fence: int | None
    started_at: datetime.datetime | None
    lease_until: datetime.datetime | None
    finished_at: datetime.datetime | None
    report: None | RunAnswerReportType0
    error: None | str
    progress: None | RunAnswerProgressType0
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.run_answer_progress_type_0 import RunAnswerProgressType0  # noqa: PLC0415
        from ..models.run_answer_report_type_0 import RunAnswerReportType0  # noqa: PLC0415

        id = self.id

        job = self.job

        state = self.state.value

        requested_by = self.requested_by

        requested_at = self.requested_at.isoformat()

        worker: None | str
        worker = self.worker

        fence: int | None
        fence = self.fence

        started_at: None | str
        if isinstance(self.started_at, datetime.datetime):
            started_at = self.started_at.isoformat()
        else:
            started_at = self.started_at

        lease_until: None | str
        if isinstance(self.lease_until, datetime.datetime):
            lease_until = self.lease_until.isoformat()
        else:
            lease_until = self.lease_until

        finished_at: None | str
        if isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        report: dict[str, Any] | None
        if isinstance(self.report, RunAnswerReportType0):
            report = self.report.to_dict()
        else:
            report = self.report

        error: None | str
        error = self.error

        progress: dict[str, Any] | None
        if isinstance(self.progress, RunAnswerProgressType0):
            progress = self.progress.to_dict()
        else:
            progress = self.progress

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "job": job,
                "state": state,
                "requested_by": requested_by,
                "requested_at": requested_at,
                "worker": worker,
                "fence": fence,
                "started_at": started_at,
                "lease_until": lease_until,
                "finished_at": finished_at,
                "report": report,
                "error": error,
                "progress": progress,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.run_answer_progress_type_0 import RunAnswerProgressType0  # noqa: PLC0415
        from ..models.run_answer_report_type_0 import RunAnswerReportType0  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        job = d.pop("job")

        state = RunAnswerState(d.pop("state"))

        requested_by = d.pop("requested_by")

        requested_at = datetime.datetime.fromisoformat(d.pop("requested_at"))

        def _parse_worker(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        worker = _parse_worker(d.pop("worker"))

        def _parse_fence(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        fence = _parse_fence(d.pop("fence"))

        def _parse_started_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                started_at_type_0 = datetime.datetime.fromisoformat(data)

                return started_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        started_at = _parse_started_at(d.pop("started_at"))

        def _parse_lease_until(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                lease_until_type_0 = datetime.datetime.fromisoformat(data)

                return lease_until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        lease_until = _parse_lease_until(d.pop("lease_until"))

        def _parse_finished_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                finished_at_type_0 = datetime.datetime.fromisoformat(data)

                return finished_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        finished_at = _parse_finished_at(d.pop("finished_at"))

        def _parse_report(data: object) -> None | RunAnswerReportType0:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                report_type_0 = RunAnswerReportType0.from_dict(data)

                return report_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RunAnswerReportType0, data)

        report = _parse_report(d.pop("report"))

        def _parse_error(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        error = _parse_error(d.pop("error"))

        def _parse_progress(data: object) -> None | RunAnswerProgressType0:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                progress_type_0 = RunAnswerProgressType0.from_dict(data)

                return progress_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RunAnswerProgressType0, data)

        progress = _parse_progress(d.pop("progress"))

        run_answer = cls(
            id=id,
            job=job,
            state=state,
            requested_by=requested_by,
            requested_at=requested_at,
            worker=worker,
            fence=fence,
            started_at=started_at,
            lease_until=lease_until,
            finished_at=finished_at,
            report=report,
            error=error,
            progress=progress,
        )

        run_answer.additional_properties = d
        return run_answer

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
