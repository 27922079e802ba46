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
from ...models.store_unavailable_problem import StoreUnavailableProblem
from ...models.unauthorized_problem import UnauthorizedProblem
from ...models.user_erased_problem import UserErasedProblem
from ...types import Response


def _get_kwargs(
    user_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/users/{user_id}/suspended".format(
            user_id=quote(str(user_id), safe=""),
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
    | StoreUnavailableProblem
    | UnauthorizedProblem
    | UserErasedProblem
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
        response_409 = UserErasedProblem.from_dict(response.json())

        return response_409

    if response.status_code == 413:
        response_413 = BodyTooLargeProblem.from_dict(response.json())

        return response_413

    if response.status_code == 422:
        response_422 = InvalidRequestProblem.from_dict(response.json())

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
    | StoreUnavailableProblem
    | UnauthorizedProblem
    | UserErasedProblem
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
) -> Response[
    ActPending
    | Any
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | StoreUnavailableProblem
    | UnauthorizedProblem
    | UserErasedProblem
]:
    """Reinstate

     End a suspension by this API; a user whom the view of users calls suspended stays so.

    Args:
        user_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActPending | Any | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | StoreUnavailableProblem | UnauthorizedProblem | UserErasedProblem]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    user_id: str,
    *,
    client: AuthenticatedClient,
) -> (
    ActPending
    | Any
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | StoreUnavailableProblem
    | UnauthorizedProblem
    | UserErasedProblem
    | None
):
    """Reinstate

     End a suspension by this API; a user whom the view of users calls suspended stays so.

    Args:
        user_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActPending | Any | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | StoreUnavailableProblem | UnauthorizedProblem | UserErasedProblem
    """

    return sync_detailed(
        user_id=user_id,
        client=client,
    ).parsed


async def asyncio_detailed(
    user_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[
    ActPending
    | Any
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | StoreUnavailableProblem
    | UnauthorizedProblem
    | UserErasedProblem
]:
    """Reinstate

     End a suspension by this API; a user whom the view of users calls suspended stays so.

    Args:
        user_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActPending | Any | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | StoreUnavailableProblem | UnauthorizedProblem | UserErasedProblem]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    user_id: str,
    *,
    client: AuthenticatedClient,
) -> (
    ActPending
    | Any
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | StoreUnavailableProblem
    | UnauthorizedProblem
    | UserErasedProblem
    | None
):
    """Reinstate

     End a suspension by this API; a user whom the view of users calls suspended stays so.

    Args:
        user_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActPending | Any | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | StoreUnavailableProblem | UnauthorizedProblem | UserErasedProblem
    """

    return (
        await asyncio_detailed(
            user_id=user_id,
            client=client,
        )
    ).parsed
