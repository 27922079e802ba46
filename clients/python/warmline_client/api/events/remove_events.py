from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.another_user_problem import AnotherUserProblem
from ...models.bad_request_problem import BadRequestProblem
from ...models.batch_result import BatchResult
from ...models.body_too_deep_problem import BodyTooDeepProblem
from ...models.body_too_large_problem import BodyTooLargeProblem
from ...models.busy_problem import BusyProblem
from ...models.headers_too_large_problem import HeadersTooLargeProblem
from ...models.interaction_event import InteractionEvent
from ...models.invalid_request_problem import InvalidRequestProblem
from ...models.store_unavailable_problem import StoreUnavailableProblem
from ...models.token_expired_problem import TokenExpiredProblem
from ...models.too_many_writes_problem import TooManyWritesProblem
from ...models.unauthorized_problem import UnauthorizedProblem
from ...types import Response


def _get_kwargs(
    *,
    body: list[InteractionEvent],
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/interactions",
    }

    _kwargs["json"] = []
    for body_item_data in body:
        body_item = body_item_data.to_dict()
        _kwargs["json"].append(body_item)

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> (
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooDeepProblem
    | BatchResult
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | TokenExpiredProblem
    | UnauthorizedProblem
    | TooManyWritesProblem
    | None
):
    if response.status_code == 200:
        response_200 = BatchResult.from_dict(response.json())

        return response_200

    if response.status_code == 202:
        response_202 = BatchResult.from_dict(response.json())

        return response_202

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
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooDeepProblem
    | BatchResult
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
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
    *,
    client: AuthenticatedClient,
    body: list[InteractionEvent],
) -> Response[
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooDeepProblem
    | BatchResult
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | TokenExpiredProblem
    | UnauthorizedProblem
    | TooManyWritesProblem
]:
    """Remove Interactions

     Take events back: unlike, unhide. An event without an `event_id` takes back all of its user, post
    and kind.

    A user's JWT is admitted only where `WARMLINE_JWT_WRITES` is on, and for that user's own.

    Args:
        body (list[InteractionEvent]):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AnotherUserProblem | BadRequestProblem | BodyTooDeepProblem | BatchResult | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | HeadersTooLargeProblem | InvalidRequestProblem | TokenExpiredProblem | UnauthorizedProblem | TooManyWritesProblem]
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
    body: list[InteractionEvent],
) -> (
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooDeepProblem
    | BatchResult
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | TokenExpiredProblem
    | UnauthorizedProblem
    | TooManyWritesProblem
    | None
):
    """Remove Interactions

     Take events back: unlike, unhide. An event without an `event_id` takes back all of its user, post
    and kind.

    A user's JWT is admitted only where `WARMLINE_JWT_WRITES` is on, and for that user's own.

    Args:
        body (list[InteractionEvent]):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AnotherUserProblem | BadRequestProblem | BodyTooDeepProblem | BatchResult | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | HeadersTooLargeProblem | InvalidRequestProblem | TokenExpiredProblem | UnauthorizedProblem | TooManyWritesProblem
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: list[InteractionEvent],
) -> Response[
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooDeepProblem
    | BatchResult
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | TokenExpiredProblem
    | UnauthorizedProblem
    | TooManyWritesProblem
]:
    """Remove Interactions

     Take events back: unlike, unhide. An event without an `event_id` takes back all of its user, post
    and kind.

    A user's JWT is admitted only where `WARMLINE_JWT_WRITES` is on, and for that user's own.

    Args:
        body (list[InteractionEvent]):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AnotherUserProblem | BadRequestProblem | BodyTooDeepProblem | BatchResult | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | HeadersTooLargeProblem | InvalidRequestProblem | TokenExpiredProblem | UnauthorizedProblem | TooManyWritesProblem]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: list[InteractionEvent],
) -> (
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooDeepProblem
    | BatchResult
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | TokenExpiredProblem
    | UnauthorizedProblem
    | TooManyWritesProblem
    | None
):
    """Remove Interactions

     Take events back: unlike, unhide. An event without an `event_id` takes back all of its user, post
    and kind.

    A user's JWT is admitted only where `WARMLINE_JWT_WRITES` is on, and for that user's own.

    Args:
        body (list[InteractionEvent]):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AnotherUserProblem | BadRequestProblem | BodyTooDeepProblem | BatchResult | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | HeadersTooLargeProblem | InvalidRequestProblem | TokenExpiredProblem | UnauthorizedProblem | TooManyWritesProblem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
