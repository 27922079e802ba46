from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.another_user_problem import AnotherUserProblem
from ...models.bad_request_problem import BadRequestProblem
from ...models.body_too_large_problem import BodyTooLargeProblem
from ...models.cursor_of_another_mode_problem import CursorOfAnotherModeProblem
from ...models.headers_too_large_problem import HeadersTooLargeProblem
from ...models.invalid_cursor_problem import InvalidCursorProblem
from ...models.invalid_request_problem import InvalidRequestProblem
from ...models.mode import Mode
from ...models.tag_needs_mode_problem import TagNeedsModeProblem
from ...models.timeline_page import TimelinePage
from ...models.token_expired_problem import TokenExpiredProblem
from ...models.unauthorized_problem import UnauthorizedProblem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    user_id: str,
    *,
    limit: int | Unset = 20,
    cursor: None | str | Unset = UNSET,
    mode: Mode | None | Unset = UNSET,
    tag: None | str | Unset = UNSET,
    request_id: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    json_cursor: None | str | Unset
    if isinstance(cursor, Unset):
        json_cursor = UNSET
    else:
        json_cursor = cursor
    params["cursor"] = json_cursor

    json_mode: None | str | Unset
    if isinstance(mode, Unset):
        json_mode = UNSET
    elif isinstance(mode, Mode):
        json_mode = mode.value
    else:
        json_mode = mode
    params["mode"] = json_mode

    json_tag: None | str | Unset
    if isinstance(tag, Unset):
        json_tag = UNSET
    else:
        json_tag = tag
    params["tag"] = json_tag

    json_request_id: None | str | Unset
    if isinstance(request_id, Unset):
        json_request_id = UNSET
    else:
        json_request_id = request_id
    params["request_id"] = json_request_id

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/timeline/{user_id}".format(
            user_id=quote(str(user_id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> (
    AnotherUserProblem
    | BadRequestProblem
    | CursorOfAnotherModeProblem
    | InvalidCursorProblem
    | BodyTooLargeProblem
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

        def _parse_response_400(data: object) -> BadRequestProblem | CursorOfAnotherModeProblem | InvalidCursorProblem:
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
            if not isinstance(data, dict):
                raise TypeError()
            response_400_type_2 = BadRequestProblem.from_dict(data)

            return response_400_type_2

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

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[
    AnotherUserProblem
    | BadRequestProblem
    | CursorOfAnotherModeProblem
    | InvalidCursorProblem
    | BodyTooLargeProblem
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
    user_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 20,
    cursor: None | str | Unset = UNSET,
    mode: Mode | None | Unset = UNSET,
    tag: None | str | Unset = UNSET,
    request_id: None | str | Unset = UNSET,
) -> Response[
    AnotherUserProblem
    | BadRequestProblem
    | CursorOfAnotherModeProblem
    | InvalidCursorProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | TagNeedsModeProblem
    | TimelinePage
    | TokenExpiredProblem
    | UnauthorizedProblem
]:
    """Get Timeline

     A page of a user's timeline: the first one, or the one that a cursor leads to.

    Args:
        user_id (str):
        limit (int | Unset): posts of the page, at most Default: 20.
        cursor (None | str | Unset):
        mode (Mode | None | Unset):
        tag (None | str | Unset):
        request_id (None | str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AnotherUserProblem | BadRequestProblem | CursorOfAnotherModeProblem | InvalidCursorProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | TagNeedsModeProblem | TimelinePage | TokenExpiredProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        limit=limit,
        cursor=cursor,
        mode=mode,
        tag=tag,
        request_id=request_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    user_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 20,
    cursor: None | str | Unset = UNSET,
    mode: Mode | None | Unset = UNSET,
    tag: None | str | Unset = UNSET,
    request_id: None | str | Unset = UNSET,
) -> (
    AnotherUserProblem
    | BadRequestProblem
    | CursorOfAnotherModeProblem
    | InvalidCursorProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | TagNeedsModeProblem
    | TimelinePage
    | TokenExpiredProblem
    | UnauthorizedProblem
    | None
):
    """Get Timeline

     A page of a user's timeline: the first one, or the one that a cursor leads to.

    Args:
        user_id (str):
        limit (int | Unset): posts of the page, at most Default: 20.
        cursor (None | str | Unset):
        mode (Mode | None | Unset):
        tag (None | str | Unset):
        request_id (None | str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AnotherUserProblem | BadRequestProblem | CursorOfAnotherModeProblem | InvalidCursorProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | TagNeedsModeProblem | TimelinePage | TokenExpiredProblem | UnauthorizedProblem
    """

    return sync_detailed(
        user_id=user_id,
        client=client,
        limit=limit,
        cursor=cursor,
        mode=mode,
        tag=tag,
        request_id=request_id,
    ).parsed


async def asyncio_detailed(
    user_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 20,
    cursor: None | str | Unset = UNSET,
    mode: Mode | None | Unset = UNSET,
    tag: None | str | Unset = UNSET,
    request_id: None | str | Unset = UNSET,
) -> Response[
    AnotherUserProblem
    | BadRequestProblem
    | CursorOfAnotherModeProblem
    | InvalidCursorProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | TagNeedsModeProblem
    | TimelinePage
    | TokenExpiredProblem
    | UnauthorizedProblem
]:
    """Get Timeline

     A page of a user's timeline: the first one, or the one that a cursor leads to.

    Args:
        user_id (str):
        limit (int | Unset): posts of the page, at most Default: 20.
        cursor (None | str | Unset):
        mode (Mode | None | Unset):
        tag (None | str | Unset):
        request_id (None | str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AnotherUserProblem | BadRequestProblem | CursorOfAnotherModeProblem | InvalidCursorProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | TagNeedsModeProblem | TimelinePage | TokenExpiredProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        limit=limit,
        cursor=cursor,
        mode=mode,
        tag=tag,
        request_id=request_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    user_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 20,
    cursor: None | str | Unset = UNSET,
    mode: Mode | None | Unset = UNSET,
    tag: None | str | Unset = UNSET,
    request_id: None | str | Unset = UNSET,
) -> (
    AnotherUserProblem
    | BadRequestProblem
    | CursorOfAnotherModeProblem
    | InvalidCursorProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | TagNeedsModeProblem
    | TimelinePage
    | TokenExpiredProblem
    | UnauthorizedProblem
    | None
):
    """Get Timeline

     A page of a user's timeline: the first one, or the one that a cursor leads to.

    Args:
        user_id (str):
        limit (int | Unset): posts of the page, at most Default: 20.
        cursor (None | str | Unset):
        mode (Mode | None | Unset):
        tag (None | str | Unset):
        request_id (None | str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AnotherUserProblem | BadRequestProblem | CursorOfAnotherModeProblem | InvalidCursorProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | TagNeedsModeProblem | TimelinePage | TokenExpiredProblem | UnauthorizedProblem
    """

    return (
        await asyncio_detailed(
            user_id=user_id,
            client=client,
            limit=limit,
            cursor=cursor,
            mode=mode,
            tag=tag,
            request_id=request_id,
        )
    ).parsed
