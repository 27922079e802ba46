"""The routes of what an app shows before somebody has a timeline: onboarding, and whom to follow."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from shared.preferences.words import language_of
from timeline.http.answers import PROBLEMS
from timeline.http.auth import authorization_of
from timeline.http.printable_json import PrintableJSON
from timeline.http.routers import state_of
from timeline.http.schemas import DEFAULT_LIMIT, Language, Limit, PathId
from timeline.http.suggestion_schemas import (
    DEFAULT_AUTHORS,
    AuthorLimit,
    OnboardingPage,
    SuggestionsPage,
    onboarding_json,
    suggestions_json,
)

router = APIRouter(default_response_class=PrintableJSON)
LANGUAGE = "posts in another language are left out (those that say none are not)"


@router.get(
    "/users/{user_id}/suggestions", response_model=SuggestionsPage, tags=["timeline"], operation_id="getSuggestions",
    responses={status: PROBLEMS[status] for status in (401, 403, 422)},
)  # fmt: skip
async def get_suggestions(
    request: Request, user_id: PathId, limit: Annotated[AuthorLimit, Query()] = DEFAULT_AUTHORS
) -> Response:
    """Authors whom a user may want to follow, and why; none whom they follow, or whom either keeps away from."""
    state = state_of(request)
    state.authorizer.admit_reader(authorization_of(request), user_id)
    return PrintableJSON(suggestions_json(user_id, await state.suggestions.answer(user_id, limit=limit)))


@router.get(
    "/onboarding", response_model=OnboardingPage, tags=["onboarding"], operation_id="getOnboarding",
    responses={status: PROBLEMS[status] for status in (401, 422)},
)  # fmt: skip
async def get_onboarding(
    request: Request,
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    language: Annotated[Language | None, Query(description=LANGUAGE)] = None,
) -> Response:
    """Posts and tags to begin with, unlike one another, for people of whom nothing is known."""
    state = state_of(request)
    state.authorizer.admit_backend_reader(request)
    spoken = language_of(language) if language is not None else None
    return PrintableJSON(onboarding_json(await state.onboarding.answer(limit=limit, language=spoken)))
