from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.user_data_format import UserDataFormat
from ..models.user_data_missing_item import UserDataMissingItem

if TYPE_CHECKING:
    from ..models.exported_block import ExportedBlock
    from ..models.exported_counts import ExportedCounts
    from ..models.exported_event import ExportedEvent
    from ..models.exported_follow import ExportedFollow
    from ..models.exported_model_row import ExportedModelRow
    from ..models.exported_post import ExportedPost
    from ..models.exported_preference import ExportedPreference
    from ..models.exported_redis import ExportedRedis
    from ..models.exported_run import ExportedRun
    from ..models.exported_user import ExportedUser


T = TypeVar("T", bound="UserData")


@_attrs_define
class UserData:
    """All that Warmline holds about one person.

    Attributes:
        format_ (UserDataFormat): of this document
        user_id (str):
        made_at (datetime.datetime):
        missing (list[UserDataMissingItem]): parts that could not be read; empty: all is here
        users (list[ExportedUser]):
        suspended_at (datetime.datetime | None): since when the API withholds all their posts
        suspended_in_view (bool): your view of users calls them suspended
        has_revoked (bool): on record: the person took an event back
        preferences (list[ExportedPreference]): also mutes of authors, those of your view too
        languages (list[str]): that they want to see; empty: all
        sensitive (str): `show` or `hide`: what they chose of sensitive posts
        personalised (bool): false: they object to it
        models (list[ExportedModelRow]):
        runs (list[ExportedRun]):
        redis (ExportedRedis | None): null: could not be read
        posts (list[ExportedPost]):
        blocks (list[ExportedBlock]):
        follows (list[ExportedFollow]):
        events (list[ExportedEvent]):
        counts (ExportedCounts): How many entries the long parts have.
    """

    format_: UserDataFormat
    user_id: str
    made_at: datetime.datetime
    missing: list[UserDataMissingItem]
    users: list[ExportedUser]
    suspended_at: datetime.datetime | None
    suspended_in_view: bool
    has_revoked: bool
    preferences: list[ExportedPreference]
    languages: list[str]
    sensitive: str
    personalised: bool
    models: list[ExportedModelRow]
    runs: list[ExportedRun]
    redis: ExportedRedis | None
    posts: list[ExportedPost]
    blocks: list[ExportedBlock]
    follows: list[ExportedFollow]
    events: list[ExportedEvent]
    counts: ExportedCounts
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.exported_redis import ExportedRedis  # noqa: PLC0415

        format_ = self.format_.value

        user_id = self.user_id

        made_at = self.made_at.isoformat()

        missing = []
        for missing_item_data in self.missing:
            missing_item = missing_item_data.value
            missing.append(missing_item)

        users = []
        for users_item_data in self.users:
            users_item = users_item_data.to_dict()
            users.append(users_item)

        suspended_at: None | str
        if isinstance(self.suspended_at, datetime.datetime):
            suspended_at = self.suspended_at.isoformat()
        else:
            suspended_at = self.suspended_at

        suspended_in_view = self.suspended_in_view

        has_revoked = self.has_revoked

        preferences = []
        for preferences_item_data in self.preferences:
            preferences_item = preferences_item_data.to_dict()
            preferences.append(preferences_item)

        languages = self.languages

        sensitive = self.sensitive

        personalised = self.personalised

        models = []
        for models_item_data in self.models:
            models_item = models_item_data.to_dict()
            models.append(models_item)

        runs = []
        for runs_item_data in self.runs:
            runs_item = runs_item_data.to_dict()
            runs.append(runs_item)

        redis: dict[str, Any] | None
        if isinstance(self.redis, ExportedRedis):
            redis = self.redis.to_dict()
        else:
            redis = self.redis

        posts = []
        for posts_item_data in self.posts:
            posts_item = posts_item_data.to_dict()
            posts.append(posts_item)

        blocks = []
        for blocks_item_data in self.blocks:
            blocks_item = blocks_item_data.to_dict()
            blocks.append(blocks_item)

        follows = []
        for follows_item_data in self.follows:
            follows_item = follows_item_data.to_dict()
            follows.append(follows_item)

        events = []
        for events_item_data in self.events:
            events_item = events_item_data.to_dict()
            events.append(events_item)

        counts = self.counts.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "format": format_,
                "user_id": user_id,
                "made_at": made_at,
                "missing": missing,
                "users": users,
                "suspended_at": suspended_at,
                "suspended_in_view": suspended_in_view,
                "has_revoked": has_revoked,
                "preferences": preferences,
                "languages": languages,
                "sensitive": sensitive,
                "personalised": personalised,
                "models": models,
                "runs": runs,
                "redis": redis,
                "posts": posts,
                "blocks": blocks,
                "follows": follows,
                "events": events,
                "counts": counts,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.exported_block import ExportedBlock  # noqa: PLC0415
        from ..models.exported_counts import ExportedCounts  # noqa: PLC0415
        from ..models.exported_event import ExportedEvent  # noqa: PLC0415
        from ..models.exported_follow import ExportedFollow  # noqa: PLC0415
        from ..models.exported_model_row import ExportedModelRow  # noqa: PLC0415
        from ..models.exported_post import ExportedPost  # noqa: PLC0415
        from ..models.exported_preference import ExportedPreference  # noqa: PLC0415
        from ..models.exported_redis import ExportedRedis  # noqa: PLC0415
        from ..models.exported_run import ExportedRun  # noqa: PLC0415
        from ..models.exported_user import ExportedUser  # noqa: PLC0415

        d = dict(src_dict)
        format_ = UserDataFormat(d.pop("format"))

        user_id = d.pop("user_id")

        made_at = datetime.datetime.fromisoformat(d.pop("made_at"))

        missing = []
        _missing = d.pop("missing")
        for missing_item_data in _missing:
            missing_item = UserDataMissingItem(missing_item_data)

            missing.append(missing_item)

        users = []
        _users = d.pop("users")
        for users_item_data in _users:
            users_item = ExportedUser.from_dict(users_item_data)

            users.append(users_item)

        def _parse_suspended_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                suspended_at_type_0 = datetime.datetime.fromisoformat(data)

                return suspended_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        suspended_at = _parse_suspended_at(d.pop("suspended_at"))

        suspended_in_view = d.pop("suspended_in_view")

        has_revoked = d.pop("has_revoked")

        preferences = []
        _preferences = d.pop("preferences")
        for preferences_item_data in _preferences:
            preferences_item = ExportedPreference.from_dict(preferences_item_data)

            preferences.append(preferences_item)

        languages = cast(list[str], d.pop("languages"))

        sensitive = d.pop("sensitive")

        personalised = d.pop("personalised")

        models = []
        _models = d.pop("models")
        for models_item_data in _models:
            models_item = ExportedModelRow.from_dict(models_item_data)

            models.append(models_item)

        runs = []
        _runs = d.pop("runs")
        for runs_item_data in _runs:
            runs_item = ExportedRun.from_dict(runs_item_data)

            runs.append(runs_item)

        def _parse_redis(data: object) -> ExportedRedis | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                redis_type_0 = ExportedRedis.from_dict(data)

                return redis_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ExportedRedis | None, data)

        redis = _parse_redis(d.pop("redis"))

        posts = []
        _posts = d.pop("posts")
        for posts_item_data in _posts:
            posts_item = ExportedPost.from_dict(posts_item_data)

            posts.append(posts_item)

        blocks = []
        _blocks = d.pop("blocks")
        for blocks_item_data in _blocks:
            blocks_item = ExportedBlock.from_dict(blocks_item_data)

            blocks.append(blocks_item)

        follows = []
        _follows = d.pop("follows")
        for follows_item_data in _follows:
            follows_item = ExportedFollow.from_dict(follows_item_data)

            follows.append(follows_item)

        events = []
        _events = d.pop("events")
        for events_item_data in _events:
            events_item = ExportedEvent.from_dict(events_item_data)

            events.append(events_item)

        counts = ExportedCounts.from_dict(d.pop("counts"))

        user_data = cls(
            format_=format_,
            user_id=user_id,
            made_at=made_at,
            missing=missing,
            users=users,
            suspended_at=suspended_at,
            suspended_in_view=suspended_in_view,
            has_revoked=has_revoked,
            preferences=preferences,
            languages=languages,
            sensitive=sensitive,
            personalised=personalised,
            models=models,
            runs=runs,
            redis=redis,
            posts=posts,
            blocks=blocks,
            follows=follows,
            events=events,
            counts=counts,
        )

        user_data.additional_properties = d
        return user_data

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
