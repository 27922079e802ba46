from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.bad_request_problem import BadRequestProblem
from ...models.body_too_large_problem import BodyTooLargeProblem
from ...models.busy_problem import BusyProblem
from ...models.erasure_under_way_problem import ErasureUnderWayProblem
from ...models.headers_too_large_problem import HeadersTooLargeProblem
from ...models.internal_problem import InternalProblem
from ...models.invalid_request_problem import InvalidRequestProblem
from ...models.relation_broken_problem import RelationBrokenProblem
from ...models.store_unavailable_problem import StoreUnavailableProblem
from ...models.unauthorized_problem import UnauthorizedProblem
from ...models.user_data import UserData
from ...models.user_erased_problem import UserErasedProblem
from ...models.user_unknown_problem import UserUnknownProblem
from ...types import Response


def _get_kwargs(
    user_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/users/{user_id}/data".format(
            user_id=quote(str(user_id), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> (
    BadRequestProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | ErasureUnderWayProblem
    | HeadersTooLargeProblem
    | InternalProblem
    | RelationBrokenProblem
    | InvalidRequestProblem
    | UnauthorizedProblem
    | UserData
    | UserErasedProblem
    | UserUnknownProblem
    | None
):
    if response.status_code == 200:
        response_200 = UserData.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = BadRequestProblem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = UnauthorizedProblem.from_dict(response.json())

        return response_401

    if response.status_code == 404:
        response_404 = UserUnknownProblem.from_dict(response.json())

        return response_404

    if response.status_code == 409:
        response_409 = ErasureUnderWayProblem.from_dict(response.json())

        return response_409

    if response.status_code == 410:
        response_410 = UserErasedProblem.from_dict(response.json())

        return response_410

    if response.status_code == 413:
        response_413 = BodyTooLargeProblem.from_dict(response.json())

        return response_413

    if response.status_code == 422:
        response_422 = InvalidRequestProblem.from_dict(response.json())

        return response_422

    if response.status_code == 431:
        response_431 = HeadersTooLargeProblem.from_dict(response.json())

        return response_431

    if response.status_code == 500:

        def _parse_response_500(data: object) -> InternalProblem | RelationBrokenProblem:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_500_type_0 = RelationBrokenProblem.from_dict(data)

                return response_500_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            response_500_type_1 = InternalProblem.from_dict(data)

            return response_500_type_1

        response_500 = _parse_response_500(response.json())

        return response_500

    if response.status_code == 503:

        def _parse_response_503(data: object) -> BusyProblem | StoreUnavailableProblem:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_503_type_0 = StoreUnavailableProblem.from_dict(data)

                return response_503_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            response_503_type_1 = BusyProblem.from_dict(data)

            return response_503_type_1

        response_503 = _parse_response_503(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[
    BadRequestProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | ErasureUnderWayProblem
    | HeadersTooLargeProblem
    | InternalProblem
    | RelationBrokenProblem
    | InvalidRequestProblem
    | UnauthorizedProblem
    | UserData
    | UserErasedProblem
    | UserUnknownProblem
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
    BadRequestProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | ErasureUnderWayProblem
    | HeadersTooLargeProblem
    | InternalProblem
    | RelationBrokenProblem
    | InvalidRequestProblem
    | UnauthorizedProblem
    | UserData
    | UserErasedProblem
    | UserUnknownProblem
]:
    """Get User Data

     All that is held about one person, and nothing of anybody else; `missing` names what could not be
    read.

    Args:
        user_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BadRequestProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | ErasureUnderWayProblem | HeadersTooLargeProblem | InternalProblem | RelationBrokenProblem | InvalidRequestProblem | UnauthorizedProblem | UserData | UserErasedProblem | UserUnknownProblem]
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
    BadRequestProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | ErasureUnderWayProblem
    | HeadersTooLargeProblem
    | InternalProblem
    | RelationBrokenProblem
    | InvalidRequestProblem
    | UnauthorizedProblem
    | UserData
    | UserErasedProblem
    | UserUnknownProblem
    | None
):
    """Get User Data

     All that is held about one person, and nothing of anybody else; `missing` names what could not be
    read.

    Args:
        user_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BadRequestProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | ErasureUnderWayProblem | HeadersTooLargeProblem | InternalProblem | RelationBrokenProblem | InvalidRequestProblem | UnauthorizedProblem | UserData | UserErasedProblem | UserUnknownProblem
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
    BadRequestProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | ErasureUnderWayProblem
    | HeadersTooLargeProblem
    | InternalProblem
    | RelationBrokenProblem
    | InvalidRequestProblem
    | UnauthorizedProblem
    | UserData
    | UserErasedProblem
    | UserUnknownProblem
]:
    """Get User Data

     All that is held about one person, and nothing of anybody else; `missing` names what could not be
    read.

    Args:
        user_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BadRequestProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | ErasureUnderWayProblem | HeadersTooLargeProblem | InternalProblem | RelationBrokenProblem | InvalidRequestProblem | UnauthorizedProblem | UserData | UserErasedProblem | UserUnknownProblem]
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
    BadRequestProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | ErasureUnderWayProblem
    | HeadersTooLargeProblem
    | InternalProblem
    | RelationBrokenProblem
    | InvalidRequestProblem
    | UnauthorizedProblem
    | UserData
    | UserErasedProblem
    | UserUnknownProblem
    | None
):
    """Get User Data

     All that is held about one person, and nothing of anybody else; `missing` names what could not be
    read.

    Args:
        user_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BadRequestProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | ErasureUnderWayProblem | HeadersTooLargeProblem | InternalProblem | RelationBrokenProblem | InvalidRequestProblem | UnauthorizedProblem | UserData | UserErasedProblem | UserUnknownProblem
    """

    return (
        await asyncio_detailed(
            user_id=user_id,
            client=client,
        )
    ).parsed
