from enum import StrEnum


class Rejection(StrEnum):
    CREATED_AT_BEFORE_1970 = "created-at-before-1970"
    CREATED_AT_TOO_OLD = "created-at-too-old"
    CREATED_AT_UNREADABLE = "created-at-unreadable"
    CREATED_AT_WITHOUT_ZONE = "created-at-without-zone"
    EVENT_ID_MISSING = "event-id-missing"
    EVENT_ID_UNUSABLE = "event-id-unusable"
    KIND_UNKNOWN = "kind-unknown"
    NOT_AN_OBJECT = "not-an-object"
    POST_DELETED = "post-deleted"
    POST_ID_UNUSABLE = "post-id-unusable"
    POST_UNKNOWN = "post-unknown"
    UNKNOWN_FIELD = "unknown-field"
    USER_ERASED = "user-erased"
    USER_ID_UNUSABLE = "user-id-unusable"

    def __str__(self) -> str:
        return str(self.value)
