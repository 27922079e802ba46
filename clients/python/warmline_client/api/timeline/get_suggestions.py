from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.another_user_problem import AnotherUserProblem
from ...models.bad_request_problem import BadRequestProblem
from ...models.body_too_large_problem import BodyTooLargeProblem
from ...models.headers_too_large_problem import HeadersTooLargeProblem
from ...models.invalid_request_problem import InvalidRequestProblem
from ...models.suggestions_page import SuggestionsPage
from ...models.token_expired_problem import TokenExpiredProblem
from ...models.unauthorized_problem import UnauthorizedProblem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    user_id: str,
    *,
    limit: int | Unset = 10,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/users/{user_id}/suggestions".format(
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
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SuggestionsPage
    | TokenExpiredProblem
    | UnauthorizedProblem
    | None
):
    if response.status_code == 200:
        response_200 = SuggestionsPage.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = BadRequestProblem.from_dict(response.json())

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
        response_422 = InvalidRequestProblem.from_dict(response.json())

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
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SuggestionsPage
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
    limit: int | Unset = 10,
) -> Response[
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SuggestionsPage
    | TokenExpiredProblem
    | UnauthorizedProblem
]:
    """Get Suggestions

     Authors whom a user may want to follow, and why; none whom they follow, or whom either keeps away
    from.

    Args:
        user_id (str):
        limit (int | Unset): authors of the answer, at most Default: 10.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AnotherUserProblem | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | SuggestionsPage | TokenExpiredProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        limit=limit,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    user_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 10,
) -> (
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SuggestionsPage
    | TokenExpiredProblem
    | UnauthorizedProblem
    | None
):
    """Get Suggestions

     Authors whom a user may want to follow, and why; none whom they follow, or whom either keeps away
    from.

    Args:
        user_id (str):
        limit (int | Unset): authors of the answer, at most Default: 10.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AnotherUserProblem | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | SuggestionsPage | TokenExpiredProblem | UnauthorizedProblem
    """

    return sync_detailed(
        user_id=user_id,
        client=client,
        limit=limit,
    ).parsed


async def asyncio_detailed(
    user_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 10,
) -> Response[
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SuggestionsPage
    | TokenExpiredProblem
    | UnauthorizedProblem
]:
    """Get Suggestions

     Authors whom a user may want to follow, and why; none whom they follow, or whom either keeps away
    from.

    Args:
        user_id (str):
        limit (int | Unset): authors of the answer, at most Default: 10.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AnotherUserProblem | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | SuggestionsPage | TokenExpiredProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        limit=limit,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    user_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 10,
) -> (
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SuggestionsPage
    | TokenExpiredProblem
    | UnauthorizedProblem
    | None
):
    """Get Suggestions

     Authors whom a user may want to follow, and why; none whom they follow, or whom either keeps away
    from.

    Args:
        user_id (str):
        limit (int | Unset): authors of the answer, at most Default: 10.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AnotherUserProblem | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | SuggestionsPage | TokenExpiredProblem | UnauthorizedProblem
    """

    return (
        await asyncio_detailed(
            user_id=user_id,
            client=client,
            limit=limit,
        )
    ).parsed
