"""The shapes of what a viewer says, as the OpenAPI document shows them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.db.preferences import About, Preference, Say, Sensitive, StoredPreferences
from shared.preferences.words import language_of
from timeline.http.schemas import Id, Language, Moment, RequestBody, Tag, Word

MAX_LANGUAGES = 20
_SAYS: tuple[Say, ...] = ("more", "less", "mute")
_ABOUTS: tuple[About, ...] = ("author", "tag", "post", "word")


class PreferenceTarget(RequestBody):
    """Whom or what it is about: exactly one of them."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    author: Id | None = Field(None, description="a user's id")
    tag: Tag | None = Field(None, description="of posts; # and case do not count")
    post: Id | None = Field(None, description="a post, and those like it")
    word: Word | None = Field(None, description="a word or phrase of captions; case does not count")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        _only(self, _ABOUTS, "author, tag, post, word")
        return self


class PreferencePost(RequestBody):
    """What `POST /users/{id}/preferences` takes: exactly one of `more`, `less` and `mute`."""

    more: PreferenceTarget | None = Field(None, description="show more of this")
    less: PreferenceTarget | None = Field(None, description="show less of this")
    mute: PreferenceTarget | None = Field(None, description="show none of this")
    expires_at: Moment | None = Field(None, description="when it ends by itself; blank: never")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        _only(self, _SAYS, "more, less, mute")
        return self

    def said(self) -> tuple[Say, About, str]:
        """What is said, about what kind of thing, and which."""
        say = _only(self, _SAYS, "")
        target: PreferenceTarget = getattr(self, say)
        about = _only(target, _ABOUTS, "")
        return say, about, getattr(target, about)


class SettingsPut(RequestBody):
    """What `PUT /users/{id}/preferences` takes; what is left out stays as it is."""

    languages: Annotated[list[Language], Field(max_length=MAX_LANGUAGES)] | None = Field(
        None, description="show posts in these languages, and those that name none; empty: in all"
    )
    sensitive: Sensitive | None = Field(None, description="whether posts that are called sensitive are shown")
    personalised: bool | None = Field(
        None, strict=True, description="false: what everyone is served, and nothing is learned from the user's events"
    )

    @property
    def known_languages(self) -> list[str] | None:
        """The languages without scripts and regions, each once."""
        return None if self.languages is None else [*dict.fromkeys(map(language_of, self.languages))]


class PreferenceTargetAnswer(BaseModel):
    """Whom or what it is about; one of them."""

    author: str | None = None
    tag: str | None = None
    post: str | None = None
    word: str | None = None


class PreferenceAnswer(BaseModel):
    """One thing that the user has said; one of `more`, `less` and `mute`."""

    preference_id: str | None = Field(description="null: a mute in your own view, which only you can take back")
    more: PreferenceTargetAnswer | None = None
    less: PreferenceTargetAnswer | None = None
    mute: PreferenceTargetAnswer | None = None
    created_at: datetime | None
    expires_at: datetime | None
    pending: Literal[True] | None = Field(None, description="with 202 only: some pages may not obey it yet")


class PreferencesAnswer(BaseModel):
    """All that the user has said and that has not ended, the oldest first."""

    user_id: str
    preferences: list[PreferenceAnswer]
    languages: list[str]
    sensitive: Sensitive
    personalised: bool


def preference_json(preference: Preference) -> dict[str, Any]:
    """The JSON of one preference."""
    return {
        "preference_id": None if preference.id is None else str(preference.id),
        preference.say: {preference.about: preference.target},
        "created_at": _moment(preference.created_at),
        "expires_at": _moment(preference.expires_at),
    }


def preferences_json(user_id: str, stored: StoredPreferences) -> Mapping[str, Any]:
    """The JSON of all of them."""
    return {
        "user_id": user_id,
        "preferences": [preference_json(preference) for preference in stored.preferences],
        "languages": list(stored.settings.languages),
        "sensitive": stored.settings.sensitive,
        "personalised": stored.settings.personalised,
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _only(body: BaseModel, names: tuple[Any, ...], expected: str) -> Any:
    """The one of these fields that is given."""
    given = [name for name in names if getattr(body, name) is not None]
    if len(given) != 1:
        raise ValueError(f"exactly one of {expected}; got {len(given)}")
    return given[0]
