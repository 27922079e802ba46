"""Routes for what a viewer says about their timeline: list, say, undo one, reset all.

As with blocks, PostgreSQL is written first, then Redis: 201 and 204 mean that every process obeys from its next page
on; 202 with `pending`, that Redis is away and is written when it is back.
"""

from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Request
from fastapi.responses import Response

from shared.db.preferences import drop_preference, put_preference, put_settings, read_preferences, reset_preferences
from timeline.http.answers import TOO_LARGE, Documented, problem
from timeline.http.obeyed import ERASED, PENDING, REFUSED_SAY, obeyed
from timeline.http.preference_schemas import (
    PreferenceAnswer,
    PreferencePost,
    PreferencesAnswer,
    SettingsPut,
    preference_json,
    preferences_json,
)
from timeline.http.printable_json import PrintableJSON
from timeline.http.problems import Problem
from timeline.http.routers import state_of, writer_router
from timeline.http.schemas import PathId

if TYPE_CHECKING:
    from shared.db.safety_outbox import SafetyChange

WRITTEN: Documented = {
    201: {"model": PreferenceAnswer, "description": "every process obeys from its next page on"},
    202: {"model": PreferenceAnswer, "description": "durable; Redis is away"},
}
SELF: Documented = {422: problem("the request is not what this route takes", "invalid-request", "self-preference")}
PreferenceId = Annotated[str, Path(pattern="^[0-9]{1,18}$", description="from `GET /users/{id}/preferences`")]

router = writer_router(PrintableJSON, {}, takes_query=False, tag="preferences")


@router.get(
    "/users/{user_id}/preferences", responses={200: {"model": PreferencesAnswer}}, operation_id="getPreferences"
)
async def get_preferences(request: Request, user_id: PathId) -> Response:
    """All that a user has said; a user who said nothing, or is unknown, has the defaults."""
    state = state_of(request)
    stored = await state.write(read_preferences, state.database, user_id)
    return PrintableJSON(preferences_json(user_id, stored))


@router.post(
    "/users/{user_id}/preferences", status_code=201, operation_id="addPreference",
    responses={**WRITTEN, **REFUSED_SAY, **TOO_LARGE, **SELF},
)  # fmt: skip
async def add_preference(request: Request, user_id: PathId, body: PreferencePost) -> Response:
    """Say more, less or mute of an author, a tag, a post or a word; replaces what was said of it before."""
    state, (say, about, target) = state_of(request), body.said()
    if (about, target) == ("author", user_id):
        raise Problem(422, "self-preference", "a user cannot say anything of themselves: their own posts never appear")
    preference, change = await state.act(
        put_preference, state.acts_database, user_id, say, about, target, expires_at=body.expires_at
    )
    state.live_updates.notify_of([user_id])
    return await _obeyed_with(request, change, preference_json(preference))


@router.put(
    "/users/{user_id}/preferences", status_code=204, responses={**ERASED, **PENDING, **TOO_LARGE},
    operation_id="putPreferences",
)  # fmt: skip
async def choose_settings(request: Request, user_id: PathId, body: SettingsPut) -> Response:
    """Choose languages, whether sensitive posts are shown, and whether the timeline is personalised."""
    state = state_of(request)
    change = await state.act(
        put_settings, state.acts_database, user_id, languages=body.known_languages, sensitive=body.sensitive,
        personalised=body.personalised,
    )  # fmt: skip
    state.live_updates.notify_of([user_id])
    return await obeyed(state, change)


@router.delete("/users/{user_id}/preferences", status_code=204, responses=PENDING, operation_id="resetPreferences")
async def reset(request: Request, user_id: PathId) -> Response:
    """Take everything back; mutes in your own view stay."""
    state = state_of(request)
    change = await state.act(reset_preferences, state.acts_database, user_id)
    state.live_updates.notify_of([user_id])
    return await obeyed(state, change)


@router.delete(
    "/users/{user_id}/preferences/{preference_id}", status_code=204, responses=PENDING, operation_id="removePreference"
)
async def undo(request: Request, user_id: PathId, preference_id: PreferenceId) -> Response:
    """Take one thing back; one that is not there is no error."""
    state = state_of(request)
    change = await state.act(drop_preference, state.acts_database, user_id, int(preference_id))
    state.live_updates.notify_of([user_id])
    return await obeyed(state, change)


async def _obeyed_with(request: Request, change: "SafetyChange", body: dict[str, object]) -> Response:
    if await state_of(request).safety_updates.apply(change):
        return PrintableJSON(body, status_code=201)
    return PrintableJSON({**body, "pending": True}, status_code=202)
