from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.another_user_problem import AnotherUserProblem
from ...models.bad_request_problem import BadRequestProblem
from ...models.body_too_deep_problem import BodyTooDeepProblem
from ...models.body_too_large_problem import BodyTooLargeProblem
from ...models.busy_problem import BusyProblem
from ...models.cursor_of_another_mode_problem import CursorOfAnotherModeProblem
from ...models.headers_too_large_problem import HeadersTooLargeProblem
from ...models.invalid_cursor_problem import InvalidCursorProblem
from ...models.invalid_request_problem import InvalidRequestProblem
from ...models.tag_needs_mode_problem import TagNeedsModeProblem
from ...models.timeline_page import TimelinePage
from ...models.timeline_request import TimelineRequest
from ...models.token_expired_problem import TokenExpiredProblem
from ...models.unauthorized_problem import UnauthorizedProblem
from ...types import Response


def _get_kwargs(
    *,
    body: TimelineRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/timeline",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> (
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooDeepProblem
    | CursorOfAnotherModeProblem
    | InvalidCursorProblem
    | BodyTooLargeProblem
    | BusyProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | TagNeedsModeProblem
    | TimelinePage
    | TokenExpiredProblem
    | UnauthorizedProblem
    | None
):
    if response.status_code == 200:
        response_200 = TimelinePage.from_dict(response.json())

        return response_200

    if response.status_code == 400:

        def _parse_response_400(
            data: object,
        ) -> BadRequestProblem | BodyTooDeepProblem | CursorOfAnotherModeProblem | InvalidCursorProblem:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_400_type_0 = InvalidCursorProblem.from_dict(data)

                return response_400_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_400_type_1 = CursorOfAnotherModeProblem.from_dict(data)

                return response_400_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_400_type_2 = BadRequestProblem.from_dict(data)

                return response_400_type_2
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            response_400_type_3 = BodyTooDeepProblem.from_dict(data)

            return response_400_type_3

        response_400 = _parse_response_400(response.json())

        return response_400

    if response.status_code == 401:

        def _parse_response_401(data: object) -> TokenExpiredProblem | UnauthorizedProblem:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_401_type_0 = UnauthorizedProblem.from_dict(data)

                return response_401_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            response_401_type_1 = TokenExpiredProblem.from_dict(data)

            return response_401_type_1

        response_401 = _parse_response_401(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = AnotherUserProblem.from_dict(response.json())

        return response_403

    if response.status_code == 413:
        response_413 = BodyTooLargeProblem.from_dict(response.json())

        return response_413

    if response.status_code == 422:

        def _parse_response_422(data: object) -> InvalidRequestProblem | TagNeedsModeProblem:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_422_type_0 = InvalidRequestProblem.from_dict(data)

                return response_422_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            response_422_type_1 = TagNeedsModeProblem.from_dict(data)

            return response_422_type_1

        response_422 = _parse_response_422(response.json())

        return response_422

    if response.status_code == 431:
        response_431 = HeadersTooLargeProblem.from_dict(response.json())

        return response_431

    if response.status_code == 503:
        response_503 = BusyProblem.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooDeepProblem
    | CursorOfAnotherModeProblem
    | InvalidCursorProblem
    | BodyTooLargeProblem
    | BusyProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | TagNeedsModeProblem
    | TimelinePage
    | TokenExpiredProblem
    | UnauthorizedProblem
]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: TimelineRequest,
) -> Response[
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooDeepProblem
    | CursorOfAnotherModeProblem
    | InvalidCursorProblem
    | BodyTooLargeProblem
    | BusyProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | TagNeedsModeProblem
    | TimelinePage
    | TokenExpiredProblem
    | UnauthorizedProblem
]:
    """Post Timeline

     The same page, for clients that send a body; `exclude` leaves posts out of this page.

    Args:
        body (TimelineRequest): What `POST /timeline` takes.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AnotherUserProblem | BadRequestProblem | BodyTooDeepProblem | CursorOfAnotherModeProblem | InvalidCursorProblem | BodyTooLargeProblem | BusyProblem | HeadersTooLargeProblem | InvalidRequestProblem | TagNeedsModeProblem | TimelinePage | TokenExpiredProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: TimelineRequest,
) -> (
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooDeepProblem
    | CursorOfAnotherModeProblem
    | InvalidCursorProblem
    | BodyTooLargeProblem
    | BusyProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | TagNeedsModeProblem
    | TimelinePage
    | TokenExpiredProblem
    | UnauthorizedProblem
    | None
):
    """Post Timeline

     The same page, for clients that send a body; `exclude` leaves posts out of this page.

    Args:
        body (TimelineRequest): What `POST /timeline` takes.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AnotherUserProblem | BadRequestProblem | BodyTooDeepProblem | CursorOfAnotherModeProblem | InvalidCursorProblem | BodyTooLargeProblem | BusyProblem | HeadersTooLargeProblem | InvalidRequestProblem | TagNeedsModeProblem | TimelinePage | TokenExpiredProblem | UnauthorizedProblem
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: TimelineRequest,
) -> Response[
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooDeepProblem
    | CursorOfAnotherModeProblem
    | InvalidCursorProblem
    | BodyTooLargeProblem
    | BusyProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | TagNeedsModeProblem
    | TimelinePage
    | TokenExpiredProblem
    | UnauthorizedProblem
]:
    """Post Timeline

     The same page, for clients that send a body; `exclude` leaves posts out of this page.

    Args:
        body (TimelineRequest): What `POST /timeline` takes.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AnotherUserProblem | BadRequestProblem | BodyTooDeepProblem | CursorOfAnotherModeProblem | InvalidCursorProblem | BodyTooLargeProblem | BusyProblem | HeadersTooLargeProblem | InvalidRequestProblem | TagNeedsModeProblem | TimelinePage | TokenExpiredProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: TimelineRequest,
) -> (
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooDeepProblem
    | CursorOfAnotherModeProblem
    | InvalidCursorProblem
    | BodyTooLargeProblem
    | BusyProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | TagNeedsModeProblem
    | TimelinePage
    | TokenExpiredProblem
    | UnauthorizedProblem
    | None
):
    """Post Timeline

     The same page, for clients that send a body; `exclude` leaves posts out of this page.

    Args:
        body (TimelineRequest): What `POST /timeline` takes.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AnotherUserProblem | BadRequestProblem | BodyTooDeepProblem | CursorOfAnotherModeProblem | InvalidCursorProblem | BodyTooLargeProblem | BusyProblem | HeadersTooLargeProblem | InvalidRequestProblem | TagNeedsModeProblem | TimelinePage | TokenExpiredProblem | UnauthorizedProblem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
