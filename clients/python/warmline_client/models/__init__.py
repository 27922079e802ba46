"""Contains all the data models used in inputs/outputs"""

from .act_pending import ActPending
from .another_user_problem import AnotherUserProblem
from .another_user_problem_status import AnotherUserProblemStatus
from .bad_request_problem import BadRequestProblem
from .bad_request_problem_status import BadRequestProblemStatus
from .batch_result import BatchResult
from .body_too_deep_problem import BodyTooDeepProblem
from .body_too_deep_problem_status import BodyTooDeepProblemStatus
from .body_too_large_problem import BodyTooLargeProblem
from .body_too_large_problem_status import BodyTooLargeProblemStatus
from .busy_problem import BusyProblem
from .busy_problem_status import BusyProblemStatus
from .champion_answer import ChampionAnswer
from .champion_change import ChampionChange
from .counted_answer import CountedAnswer
from .cursor_of_another_mode_problem import CursorOfAnotherModeProblem
from .cursor_of_another_mode_problem_status import CursorOfAnotherModeProblemStatus
from .erasure_under_way import ErasureUnderWay
from .erasure_under_way_problem import ErasureUnderWayProblem
from .erasure_under_way_problem_status import ErasureUnderWayProblemStatus
from .exported_block import ExportedBlock
from .exported_chain import ExportedChain
from .exported_counts import ExportedCounts
from .exported_entry import ExportedEntry
from .exported_event import ExportedEvent
from .exported_failure import ExportedFailure
from .exported_follow import ExportedFollow
from .exported_list import ExportedList
from .exported_model_row import ExportedModelRow
from .exported_position import ExportedPosition
from .exported_post import ExportedPost
from .exported_preference import ExportedPreference
from .exported_redis import ExportedRedis
from .exported_redis_lists import ExportedRedisLists
from .exported_run import ExportedRun
from .exported_suggestion import ExportedSuggestion
from .exported_user import ExportedUser
from .exported_vector import ExportedVector
from .feed_answer import FeedAnswer
from .feed_answer_events import FeedAnswerEvents
from .headers_too_large_problem import HeadersTooLargeProblem
from .headers_too_large_problem_status import HeadersTooLargeProblemStatus
from .health_answer import HealthAnswer
from .interaction_event import InteractionEvent
from .interaction_kind import InteractionKind
from .internal_problem import InternalProblem
from .internal_problem_status import InternalProblemStatus
from .invalid_cursor_problem import InvalidCursorProblem
from .invalid_cursor_problem_status import InvalidCursorProblemStatus
from .invalid_request_problem import InvalidRequestProblem
from .invalid_request_problem_errors_item import InvalidRequestProblemErrorsItem
from .invalid_request_problem_status import InvalidRequestProblemStatus
from .job import Job
from .live_answer import LiveAnswer
from .live_answers import LiveAnswers
from .mode import Mode
from .model_answer import ModelAnswer
from .model_answer_report import ModelAnswerReport
from .models_answer import ModelsAnswer
from .mute_put import MutePut
from .onboarding_page import OnboardingPage
from .onboarding_page_source import OnboardingPageSource
from .onboarding_tag_answer import OnboardingTagAnswer
from .phase import Phase
from .phase_answer import PhaseAnswer
from .phase_change import PhaseChange
from .phase_change_record import PhaseChangeRecord
from .post_deleted_problem import PostDeletedProblem
from .post_deleted_problem_status import PostDeletedProblemStatus
from .post_is_fixed_problem import PostIsFixedProblem
from .post_is_fixed_problem_status import PostIsFixedProblemStatus
from .post_put import PostPut
from .preference_answer import PreferenceAnswer
from .preference_post import PreferencePost
from .preference_target import PreferenceTarget
from .preference_target_answer import PreferenceTargetAnswer
from .preferences_answer import PreferencesAnswer
from .preferences_answer_sensitive import PreferencesAnswerSensitive
from .problem_details import ProblemDetails
from .promotion_refused_problem import PromotionRefusedProblem
from .promotion_refused_problem_status import PromotionRefusedProblemStatus
from .publication_answer import PublicationAnswer
from .publications_answer import PublicationsAnswer
from .readiness import Readiness
from .readiness_answer import ReadinessAnswer
from .readiness_answer_candidates_with_vectors import (
    ReadinessAnswerCandidatesWithVectors,
)
from .readiness_missing import ReadinessMissing
from .readiness_status import ReadinessStatus
from .recommend_by import RecommendBy
from .recommendations_request import RecommendationsRequest
from .recommended_posts import RecommendedPosts
from .rejected_event import RejectedEvent
from .rejection import Rejection
from .relation_broken_problem import RelationBrokenProblem
from .relation_broken_problem_status import RelationBrokenProblemStatus
from .relation_is_a_view_problem import RelationIsAViewProblem
from .relation_is_a_view_problem_status import RelationIsAViewProblemStatus
from .run_answer import RunAnswer
from .run_answer_progress_type_0 import RunAnswerProgressType0
from .run_answer_report_type_0 import RunAnswerReportType0
from .run_answer_state import RunAnswerState
from .run_history import RunHistory
from .run_requested import RunRequested
from .run_under_way_problem import RunUnderWayProblem
from .run_under_way_problem_status import RunUnderWayProblemStatus
from .self_block_problem import SelfBlockProblem
from .self_block_problem_status import SelfBlockProblemStatus
from .self_follow_problem import SelfFollowProblem
from .self_follow_problem_status import SelfFollowProblemStatus
from .self_mute_problem import SelfMuteProblem
from .self_mute_problem_status import SelfMuteProblemStatus
from .self_preference_problem import SelfPreferenceProblem
from .self_preference_problem_status import SelfPreferenceProblemStatus
from .service_answer import ServiceAnswer
from .service_not_alive_problem import ServiceNotAliveProblem
from .service_not_alive_problem_status import ServiceNotAliveProblemStatus
from .settings_put import SettingsPut
from .settings_put_sensitive_type_0 import SettingsPutSensitiveType0
from .source import Source
from .status_answer import StatusAnswer
from .status_answer_missing import StatusAnswerMissing
from .store_unavailable_problem import StoreUnavailableProblem
from .store_unavailable_problem_status import StoreUnavailableProblemStatus
from .suggested_author_answer import SuggestedAuthorAnswer
from .suggestions_page import SuggestionsPage
from .suggestions_page_source import SuggestionsPageSource
from .surface_posts import SurfacePosts
from .surface_posts_source import SurfacePostsSource
from .tag_needs_mode_problem import TagNeedsModeProblem
from .tag_needs_mode_problem_status import TagNeedsModeProblemStatus
from .timeline_page import TimelinePage
from .timeline_post import TimelinePost
from .timeline_request import TimelineRequest
from .token_expired_problem import TokenExpiredProblem
from .token_expired_problem_status import TokenExpiredProblemStatus
from .too_many_follows_problem import TooManyFollowsProblem
from .too_many_follows_problem_status import TooManyFollowsProblemStatus
from .too_many_preferences_problem import TooManyPreferencesProblem
from .too_many_preferences_problem_status import TooManyPreferencesProblemStatus
from .too_many_requests_problem import TooManyRequestsProblem
from .too_many_requests_problem_status import TooManyRequestsProblemStatus
from .too_many_writes_problem import TooManyWritesProblem
from .too_many_writes_problem_status import TooManyWritesProblemStatus
from .unauthorized_problem import UnauthorizedProblem
from .unauthorized_problem_status import UnauthorizedProblemStatus
from .unknown_post_problem import UnknownPostProblem
from .unknown_post_problem_status import UnknownPostProblemStatus
from .user_data import UserData
from .user_data_format import UserDataFormat
from .user_data_missing_item import UserDataMissingItem
from .user_erased_problem import UserErasedProblem
from .user_erased_problem_status import UserErasedProblemStatus
from .user_put import UserPut
from .user_unknown_problem import UserUnknownProblem
from .user_unknown_problem_status import UserUnknownProblemStatus
from .verdict_answer import VerdictAnswer

__all__ = (
    "ActPending",
    "AnotherUserProblem",
    "AnotherUserProblemStatus",
    "BadRequestProblem",
    "BadRequestProblemStatus",
    "BatchResult",
    "BodyTooDeepProblem",
    "BodyTooDeepProblemStatus",
    "BodyTooLargeProblem",
    "BodyTooLargeProblemStatus",
    "BusyProblem",
    "BusyProblemStatus",
    "ChampionAnswer",
    "ChampionChange",
    "CountedAnswer",
    "CursorOfAnotherModeProblem",
    "CursorOfAnotherModeProblemStatus",
    "ErasureUnderWay",
    "ErasureUnderWayProblem",
    "ErasureUnderWayProblemStatus",
    "ExportedBlock",
    "ExportedChain",
    "ExportedCounts",
    "ExportedEntry",
    "ExportedEvent",
    "ExportedFailure",
    "ExportedFollow",
    "ExportedList",
    "ExportedModelRow",
    "ExportedPosition",
    "ExportedPost",
    "ExportedPreference",
    "ExportedRedis",
    "ExportedRedisLists",
    "ExportedRun",
    "ExportedSuggestion",
    "ExportedUser",
    "ExportedVector",
    "FeedAnswer",
    "FeedAnswerEvents",
    "HeadersTooLargeProblem",
    "HeadersTooLargeProblemStatus",
    "HealthAnswer",
    "InteractionEvent",
    "InteractionKind",
    "InternalProblem",
    "InternalProblemStatus",
    "InvalidCursorProblem",
    "InvalidCursorProblemStatus",
    "InvalidRequestProblem",
    "InvalidRequestProblemErrorsItem",
    "InvalidRequestProblemStatus",
    "Job",
    "LiveAnswer",
    "LiveAnswers",
    "Mode",
    "ModelAnswer",
    "ModelAnswerReport",
    "ModelsAnswer",
    "MutePut",
    "OnboardingPage",
    "OnboardingPageSource",
    "OnboardingTagAnswer",
    "Phase",
    "PhaseAnswer",
    "PhaseChange",
    "PhaseChangeRecord",
    "PostDeletedProblem",
    "PostDeletedProblemStatus",
    "PostIsFixedProblem",
    "PostIsFixedProblemStatus",
    "PostPut",
    "PreferenceAnswer",
    "PreferencePost",
    "PreferencesAnswer",
    "PreferencesAnswerSensitive",
    "PreferenceTarget",
    "PreferenceTargetAnswer",
    "ProblemDetails",
    "PromotionRefusedProblem",
    "PromotionRefusedProblemStatus",
    "PublicationAnswer",
    "PublicationsAnswer",
    "Readiness",
    "ReadinessAnswer",
    "ReadinessAnswerCandidatesWithVectors",
    "ReadinessMissing",
    "ReadinessStatus",
    "RecommendationsRequest",
    "RecommendBy",
    "RecommendedPosts",
    "RejectedEvent",
    "Rejection",
    "RelationBrokenProblem",
    "RelationBrokenProblemStatus",
    "RelationIsAViewProblem",
    "RelationIsAViewProblemStatus",
    "RunAnswer",
    "RunAnswerProgressType0",
    "RunAnswerReportType0",
    "RunAnswerState",
    "RunHistory",
    "RunRequested",
    "RunUnderWayProblem",
    "RunUnderWayProblemStatus",
    "SelfBlockProblem",
    "SelfBlockProblemStatus",
    "SelfFollowProblem",
    "SelfFollowProblemStatus",
    "SelfMuteProblem",
    "SelfMuteProblemStatus",
    "SelfPreferenceProblem",
    "SelfPreferenceProblemStatus",
    "ServiceAnswer",
    "ServiceNotAliveProblem",
    "ServiceNotAliveProblemStatus",
    "SettingsPut",
    "SettingsPutSensitiveType0",
    "Source",
    "StatusAnswer",
    "StatusAnswerMissing",
    "StoreUnavailableProblem",
    "StoreUnavailableProblemStatus",
    "SuggestedAuthorAnswer",
    "SuggestionsPage",
    "SuggestionsPageSource",
    "SurfacePosts",
    "SurfacePostsSource",
    "TagNeedsModeProblem",
    "TagNeedsModeProblemStatus",
    "TimelinePage",
    "TimelinePost",
    "TimelineRequest",
    "TokenExpiredProblem",
    "TokenExpiredProblemStatus",
    "TooManyFollowsProblem",
    "TooManyFollowsProblemStatus",
    "TooManyPreferencesProblem",
    "TooManyPreferencesProblemStatus",
    "TooManyRequestsProblem",
    "TooManyRequestsProblemStatus",
    "TooManyWritesProblem",
    "TooManyWritesProblemStatus",
    "UnauthorizedProblem",
    "UnauthorizedProblemStatus",
    "UnknownPostProblem",
    "UnknownPostProblemStatus",
    "UserData",
    "UserDataFormat",
    "UserDataMissingItem",
    "UserErasedProblem",
    "UserErasedProblemStatus",
    "UserPut",
    "UserUnknownProblem",
    "UserUnknownProblemStatus",
    "VerdictAnswer",
)
