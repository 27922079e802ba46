"""Routers that admit only the app's backend or the operator, and the state that routes work on."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from timeline.http.answers import DOWN, PROBLEMS, UNAVAILABLE, Documented
from timeline.http.exact_paths import without_query
from timeline.http.own_writes import admit_writer
from timeline.http.printable_json import PrintableJSON

if TYPE_CHECKING:
    from timeline.state import State

TOKEN_NAME = "admin token"  # noqa: S105 - what the audit calls the bearer of WARMLINE_ADMIN_TOKEN


def state_of(request: Request) -> "State":
    """The state of the process that serves this request."""
    state: State = request.app.state.warmline
    return state


def operator_router(prefix: str) -> APIRouter:
    """A router that admits only the operator."""
    return APIRouter(
        prefix=prefix,
        tags=["admin"],
        dependencies=[Depends(_operator_only), Depends(without_query)],
        responses={401: PROBLEMS[401], **DOWN},
        default_response_class=PrintableJSON,
    )


def backend_router(
    answers: type[Response], responses: Documented, *, takes_query: bool, tag: str = "writes"
) -> APIRouter:
    """A router that admits only the app's backend."""
    return _router_of(_backend_only, answers, responses, takes_query=takes_query, tag=tag)


def writer_router(answers: type[Response], responses: Documented, *, takes_query: bool, tag: str) -> APIRouter:
    """A router that admits the app's backend, and a user's own JWT where these may write (`WARMLINE_JWT_WRITES`)."""
    return _router_of(_backend_or_user, answers, responses, takes_query=takes_query, tag=tag)


def _router_of(
    admits: Callable[[Request], None],
    answers: type[Response],
    responses: Documented,
    *,
    takes_query: bool,
    tag: str,
) -> APIRouter:
    return APIRouter(
        tags=[tag],
        dependencies=[Depends(admits), *([] if takes_query else [Depends(without_query)])],
        responses={401: PROBLEMS[401], 422: PROBLEMS[422], **responses, **UNAVAILABLE},
        default_response_class=answers,
    )


def _operator_only(request: Request) -> None:
    state_of(request).authorizer.admit_operator(request)


def _backend_only(request: Request) -> None:
    state_of(request).authorizer.admit_backend(request)


def _backend_or_user(request: Request) -> None:
    admit_writer(request, state_of(request))
