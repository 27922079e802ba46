from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.bad_request_problem import BadRequestProblem
from ...models.body_too_deep_problem import BodyTooDeepProblem
from ...models.body_too_large_problem import BodyTooLargeProblem
from ...models.busy_problem import BusyProblem
from ...models.headers_too_large_problem import HeadersTooLargeProblem
from ...models.invalid_request_problem import InvalidRequestProblem
from ...models.relation_is_a_view_problem import RelationIsAViewProblem
from ...models.store_unavailable_problem import StoreUnavailableProblem
from ...models.unauthorized_problem import UnauthorizedProblem
from ...models.user_erased_problem import UserErasedProblem
from ...models.user_put import UserPut
from ...types import UNSET, Response, Unset


def _get_kwargs(
    user_id: str,
    *,
    body: None | Unset | UserPut = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/users/{user_id}".format(
            user_id=quote(str(user_id), safe=""),
        ),
    }

    if isinstance(body, UserPut):
        _kwargs["json"] = body.to_dict()
    else:
        _kwargs["json"] = body

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> (
    Any
    | BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RelationIsAViewProblem
    | UserErasedProblem
    | UnauthorizedProblem
    | None
):
    if response.status_code == 204:
        response_204 = cast(Any, None)
        return response_204

    if response.status_code == 400:

        def _parse_response_400(data: object) -> BadRequestProblem | BodyTooDeepProblem:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_400_type_0 = BadRequestProblem.from_dict(data)

                return response_400_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            response_400_type_1 = BodyTooDeepProblem.from_dict(data)

            return response_400_type_1

        response_400 = _parse_response_400(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = UnauthorizedProblem.from_dict(response.json())

        return response_401

    if response.status_code == 409:

        def _parse_response_409(data: object) -> RelationIsAViewProblem | UserErasedProblem:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_409_type_0 = RelationIsAViewProblem.from_dict(data)

                return response_409_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            response_409_type_1 = UserErasedProblem.from_dict(data)

            return response_409_type_1

        response_409 = _parse_response_409(response.json())

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
    Any
    | BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RelationIsAViewProblem
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
    *,
    client: AuthenticatedClient,
    body: None | Unset | UserPut = UNSET,
) -> Response[
    Any
    | BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RelationIsAViewProblem
    | UserErasedProblem
    | UnauthorizedProblem
]:
    """Write User

     Write a user; the body may be left out.

    Args:
        user_id (str):
        body (None | Unset | UserPut):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | HeadersTooLargeProblem | InvalidRequestProblem | RelationIsAViewProblem | UserErasedProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    user_id: str,
    *,
    client: AuthenticatedClient,
    body: None | Unset | UserPut = UNSET,
) -> (
    Any
    | BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RelationIsAViewProblem
    | UserErasedProblem
    | UnauthorizedProblem
    | None
):
    """Write User

     Write a user; the body may be left out.

    Args:
        user_id (str):
        body (None | Unset | UserPut):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | HeadersTooLargeProblem | InvalidRequestProblem | RelationIsAViewProblem | UserErasedProblem | UnauthorizedProblem
    """

    return sync_detailed(
        user_id=user_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    user_id: str,
    *,
    client: AuthenticatedClient,
    body: None | Unset | UserPut = UNSET,
) -> Response[
    Any
    | BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RelationIsAViewProblem
    | UserErasedProblem
    | UnauthorizedProblem
]:
    """Write User

     Write a user; the body may be left out.

    Args:
        user_id (str):
        body (None | Unset | UserPut):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | HeadersTooLargeProblem | InvalidRequestProblem | RelationIsAViewProblem | UserErasedProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    user_id: str,
    *,
    client: AuthenticatedClient,
    body: None | Unset | UserPut = UNSET,
) -> (
    Any
    | BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RelationIsAViewProblem
    | UserErasedProblem
    | UnauthorizedProblem
    | None
):
    """Write User

     Write a user; the body may be left out.

    Args:
        user_id (str):
        body (None | Unset | UserPut):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | HeadersTooLargeProblem | InvalidRequestProblem | RelationIsAViewProblem | UserErasedProblem | UnauthorizedProblem
    """

    return (
        await asyncio_detailed(
            user_id=user_id,
            client=client,
            body=body,
        )
    ).parsed
