from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.act_pending import ActPending
from ...models.another_user_problem import AnotherUserProblem
from ...models.bad_request_problem import BadRequestProblem
from ...models.body_too_large_problem import BodyTooLargeProblem
from ...models.headers_too_large_problem import HeadersTooLargeProblem
from ...models.invalid_request_problem import InvalidRequestProblem
from ...models.store_unavailable_problem import StoreUnavailableProblem
from ...models.token_expired_problem import TokenExpiredProblem
from ...models.too_many_writes_problem import TooManyWritesProblem
from ...models.unauthorized_problem import UnauthorizedProblem
from ...types import Response


def _get_kwargs(
    user_id: str,
    preference_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/users/{user_id}/preferences/{preference_id}".format(
            user_id=quote(str(user_id), safe=""),
            preference_id=quote(str(preference_id), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> (
    ActPending
    | AnotherUserProblem
    | Any
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | StoreUnavailableProblem
    | TokenExpiredProblem
    | UnauthorizedProblem
    | TooManyWritesProblem
    | None
):
    if response.status_code == 202:
        response_202 = ActPending.from_dict(response.json())

        return response_202

    if response.status_code == 204:
        response_204 = cast(Any, None)
        return response_204

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

    if response.status_code == 429:
        response_429 = TooManyWritesProblem.from_dict(response.json())

        return response_429

    if response.status_code == 431:
        response_431 = HeadersTooLargeProblem.from_dict(response.json())

        return response_431

    if response.status_code == 503:
        response_503 = StoreUnavailableProblem.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[
    ActPending
    | AnotherUserProblem
    | Any
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | StoreUnavailableProblem
    | TokenExpiredProblem
    | UnauthorizedProblem
    | TooManyWritesProblem
]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    user_id: str,
    preference_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[
    ActPending
    | AnotherUserProblem
    | Any
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | StoreUnavailableProblem
    | TokenExpiredProblem
    | UnauthorizedProblem
    | TooManyWritesProblem
]:
    """Undo

     Take one thing back; one that is not there is no error.

    A user's JWT is admitted only where `WARMLINE_JWT_WRITES` is on, and for that user's own.

    Args:
        user_id (str):
        preference_id (str): from `GET /users/{id}/preferences`

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActPending | AnotherUserProblem | Any | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | StoreUnavailableProblem | TokenExpiredProblem | UnauthorizedProblem | TooManyWritesProblem]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        preference_id=preference_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    user_id: str,
    preference_id: str,
    *,
    client: AuthenticatedClient,
) -> (
    ActPending
    | AnotherUserProblem
    | Any
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | StoreUnavailableProblem
    | TokenExpiredProblem
    | UnauthorizedProblem
    | TooManyWritesProblem
    | None
):
    """Undo

     Take one thing back; one that is not there is no error.

    A user's JWT is admitted only where `WARMLINE_JWT_WRITES` is on, and for that user's own.

    Args:
        user_id (str):
        preference_id (str): from `GET /users/{id}/preferences`

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActPending | AnotherUserProblem | Any | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | StoreUnavailableProblem | TokenExpiredProblem | UnauthorizedProblem | TooManyWritesProblem
    """

    return sync_detailed(
        user_id=user_id,
        preference_id=preference_id,
        client=client,
    ).parsed


async def asyncio_detailed(
    user_id: str,
    preference_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[
    ActPending
    | AnotherUserProblem
    | Any
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | StoreUnavailableProblem
    | TokenExpiredProblem
    | UnauthorizedProblem
    | TooManyWritesProblem
]:
    """Undo

     Take one thing back; one that is not there is no error.

    A user's JWT is admitted only where `WARMLINE_JWT_WRITES` is on, and for that user's own.

    Args:
        user_id (str):
        preference_id (str): from `GET /users/{id}/preferences`

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActPending | AnotherUserProblem | Any | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | StoreUnavailableProblem | TokenExpiredProblem | UnauthorizedProblem | TooManyWritesProblem]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        preference_id=preference_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    user_id: str,
    preference_id: str,
    *,
    client: AuthenticatedClient,
) -> (
    ActPending
    | AnotherUserProblem
    | Any
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | StoreUnavailableProblem
    | TokenExpiredProblem
    | UnauthorizedProblem
    | TooManyWritesProblem
    | None
):
    """Undo

     Take one thing back; one that is not there is no error.

    A user's JWT is admitted only where `WARMLINE_JWT_WRITES` is on, and for that user's own.

    Args:
        user_id (str):
        preference_id (str): from `GET /users/{id}/preferences`

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActPending | AnotherUserProblem | Any | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | StoreUnavailableProblem | TokenExpiredProblem | UnauthorizedProblem | TooManyWritesProblem
    """

    return (
        await asyncio_detailed(
            user_id=user_id,
            preference_id=preference_id,
            client=client,
        )
    ).parsed
