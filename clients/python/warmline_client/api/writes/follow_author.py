from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.act_pending import ActPending
from ...models.bad_request_problem import BadRequestProblem
from ...models.body_too_large_problem import BodyTooLargeProblem
from ...models.headers_too_large_problem import HeadersTooLargeProblem
from ...models.invalid_request_problem import InvalidRequestProblem
from ...models.self_follow_problem import SelfFollowProblem
from ...models.store_unavailable_problem import StoreUnavailableProblem
from ...models.too_many_follows_problem import TooManyFollowsProblem
from ...models.unauthorized_problem import UnauthorizedProblem
from ...models.user_erased_problem import UserErasedProblem
from ...types import Response


def _get_kwargs(
    user_id: str,
    author_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/users/{user_id}/follows/{author_id}".format(
            user_id=quote(str(user_id), safe=""),
            author_id=quote(str(author_id), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> (
    ActPending
    | Any
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SelfFollowProblem
    | StoreUnavailableProblem
    | TooManyFollowsProblem
    | UserErasedProblem
    | UnauthorizedProblem
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
        response_401 = UnauthorizedProblem.from_dict(response.json())

        return response_401

    if response.status_code == 409:

        def _parse_response_409(data: object) -> TooManyFollowsProblem | UserErasedProblem:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_409_type_0 = UserErasedProblem.from_dict(data)

                return response_409_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            response_409_type_1 = TooManyFollowsProblem.from_dict(data)

            return response_409_type_1

        response_409 = _parse_response_409(response.json())

        return response_409

    if response.status_code == 413:
        response_413 = BodyTooLargeProblem.from_dict(response.json())

        return response_413

    if response.status_code == 422:

        def _parse_response_422(data: object) -> InvalidRequestProblem | SelfFollowProblem:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_422_type_0 = InvalidRequestProblem.from_dict(data)

                return response_422_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            response_422_type_1 = SelfFollowProblem.from_dict(data)

            return response_422_type_1

        response_422 = _parse_response_422(response.json())

        return response_422

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
    | Any
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SelfFollowProblem
    | StoreUnavailableProblem
    | TooManyFollowsProblem
    | UserErasedProblem
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
    author_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[
    ActPending
    | Any
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SelfFollowProblem
    | StoreUnavailableProblem
    | TooManyFollowsProblem
    | UserErasedProblem
    | UnauthorizedProblem
]:
    """Add Follow

     Follow an author: in `mode=following` from the next page on, in the user's other lists within
    seconds.

    Args:
        user_id (str):
        author_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActPending | Any | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | SelfFollowProblem | StoreUnavailableProblem | TooManyFollowsProblem | UserErasedProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        author_id=author_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    user_id: str,
    author_id: str,
    *,
    client: AuthenticatedClient,
) -> (
    ActPending
    | Any
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SelfFollowProblem
    | StoreUnavailableProblem
    | TooManyFollowsProblem
    | UserErasedProblem
    | UnauthorizedProblem
    | None
):
    """Add Follow

     Follow an author: in `mode=following` from the next page on, in the user's other lists within
    seconds.

    Args:
        user_id (str):
        author_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActPending | Any | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | SelfFollowProblem | StoreUnavailableProblem | TooManyFollowsProblem | UserErasedProblem | UnauthorizedProblem
    """

    return sync_detailed(
        user_id=user_id,
        author_id=author_id,
        client=client,
    ).parsed


async def asyncio_detailed(
    user_id: str,
    author_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[
    ActPending
    | Any
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SelfFollowProblem
    | StoreUnavailableProblem
    | TooManyFollowsProblem
    | UserErasedProblem
    | UnauthorizedProblem
]:
    """Add Follow

     Follow an author: in `mode=following` from the next page on, in the user's other lists within
    seconds.

    Args:
        user_id (str):
        author_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActPending | Any | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | SelfFollowProblem | StoreUnavailableProblem | TooManyFollowsProblem | UserErasedProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        author_id=author_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    user_id: str,
    author_id: str,
    *,
    client: AuthenticatedClient,
) -> (
    ActPending
    | Any
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SelfFollowProblem
    | StoreUnavailableProblem
    | TooManyFollowsProblem
    | UserErasedProblem
    | UnauthorizedProblem
    | None
):
    """Add Follow

     Follow an author: in `mode=following` from the next page on, in the user's other lists within
    seconds.

    Args:
        user_id (str):
        author_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActPending | Any | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | SelfFollowProblem | StoreUnavailableProblem | TooManyFollowsProblem | UserErasedProblem | UnauthorizedProblem
    """

    return (
        await asyncio_detailed(
            user_id=user_id,
            author_id=author_id,
            client=client,
        )
    ).parsed
