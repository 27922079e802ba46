"""Contains all the data models used in inputs/outputs"""

from .act_pending import ActPending
from .batch_result import BatchResult
from .champion_answer import ChampionAnswer
from .champion_answer_champion import ChampionAnswerChampion
from .champion_change import ChampionChange
from .erasure_under_way import ErasureUnderWay
from .exported_block import ExportedBlock
from .exported_chain import ExportedChain
from .exported_counts import ExportedCounts
from .exported_entry import ExportedEntry
from .exported_event import ExportedEvent
from .exported_failure import ExportedFailure
from .exported_list import ExportedList
from .exported_model_row import ExportedModelRow
from .exported_position import ExportedPosition
from .exported_post import ExportedPost
from .exported_preference import ExportedPreference
from .exported_redis import ExportedRedis
from .exported_redis_lists import ExportedRedisLists
from .exported_run import ExportedRun
from .exported_user import ExportedUser
from .exported_vector import ExportedVector
from .get_models_admin_models_get_response_get_models_admin_models_get import (
    GetModelsAdminModelsGetResponseGetModelsAdminModelsGet,
)
from .get_status_admin_status_get_response_get_status_admin_status_get import (
    GetStatusAdminStatusGetResponseGetStatusAdminStatusGet,
)
from .health_answer import HealthAnswer
from .job import Job
from .mute_put import MutePut
from .phase import Phase
from .phase_answer import PhaseAnswer
from .phase_change import PhaseChange
from .post_put import PostPut
from .preference_answer import PreferenceAnswer
from .preference_post import PreferencePost
from .preference_target import PreferenceTarget
from .preference_target_answer import PreferenceTargetAnswer
from .preferences_answer import PreferencesAnswer
from .preferences_answer_sensitive import PreferencesAnswerSensitive
from .problem_details import ProblemDetails
from .readiness import Readiness
from .readiness_missing import ReadinessMissing
from .readiness_status import ReadinessStatus
from .rejected_event import RejectedEvent
from .rejection import Rejection
from .run_history import RunHistory
from .run_history_runs_item import RunHistoryRunsItem
from .run_requested import RunRequested
from .settings_put import SettingsPut
from .settings_put_sensitive_type_0 import SettingsPutSensitiveType0
from .source import Source
from .timeline_page import TimelinePage
from .timeline_post import TimelinePost
from .timeline_request import TimelineRequest
from .user_data import UserData
from .user_data_format import UserDataFormat
from .user_data_missing_item import UserDataMissingItem
from .user_put import UserPut

__all__ = (
    "ActPending",
    "BatchResult",
    "ChampionAnswer",
    "ChampionAnswerChampion",
    "ChampionChange",
    "ErasureUnderWay",
    "ExportedBlock",
    "ExportedChain",
    "ExportedCounts",
    "ExportedEntry",
    "ExportedEvent",
    "ExportedFailure",
    "ExportedList",
    "ExportedModelRow",
    "ExportedPosition",
    "ExportedPost",
    "ExportedPreference",
    "ExportedRedis",
    "ExportedRedisLists",
    "ExportedRun",
    "ExportedUser",
    "ExportedVector",
    "GetModelsAdminModelsGetResponseGetModelsAdminModelsGet",
    "GetStatusAdminStatusGetResponseGetStatusAdminStatusGet",
    "HealthAnswer",
    "Job",
    "MutePut",
    "Phase",
    "PhaseAnswer",
    "PhaseChange",
    "PostPut",
    "PreferenceAnswer",
    "PreferencePost",
    "PreferencesAnswer",
    "PreferencesAnswerSensitive",
    "PreferenceTarget",
    "PreferenceTargetAnswer",
    "ProblemDetails",
    "Readiness",
    "ReadinessMissing",
    "ReadinessStatus",
    "RejectedEvent",
    "Rejection",
    "RunHistory",
    "RunHistoryRunsItem",
    "RunRequested",
    "SettingsPut",
    "SettingsPutSensitiveType0",
    "Source",
    "TimelinePage",
    "TimelinePost",
    "TimelineRequest",
    "UserData",
    "UserDataFormat",
    "UserDataMissingItem",
    "UserPut",
)
