from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.bad_request_problem import BadRequestProblem
from ...models.body_too_deep_problem import BodyTooDeepProblem
from ...models.body_too_large_problem import BodyTooLargeProblem
from ...models.busy_problem import BusyProblem
from ...models.champion_answer import ChampionAnswer
from ...models.champion_change import ChampionChange
from ...models.headers_too_large_problem import HeadersTooLargeProblem
from ...models.invalid_request_problem import InvalidRequestProblem
from ...models.promotion_refused_problem import PromotionRefusedProblem
from ...models.store_unavailable_problem import StoreUnavailableProblem
from ...models.unauthorized_problem import UnauthorizedProblem
from ...types import Response


def _get_kwargs(
    *,
    body: ChampionChange,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/admin/models/champion",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> (
    BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | ChampionAnswer
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | PromotionRefusedProblem
    | UnauthorizedProblem
    | None
):
    if response.status_code == 200:
        response_200 = ChampionAnswer.from_dict(response.json())

        return response_200

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
        response_409 = PromotionRefusedProblem.from_dict(response.json())

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
    BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | ChampionAnswer
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | PromotionRefusedProblem
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
    body: ChampionChange,
) -> Response[
    BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | ChampionAnswer
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | PromotionRefusedProblem
    | UnauthorizedProblem
]:
    """Put Champion

     Promote a version, or roll back to one; its lists come with the next scoring run, which this asks
    for.

    The model's files are read and compared with their record first, where the model folder is mounted.

    Args:
        body (ChampionChange): What `PUT /admin/models/champion` takes.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | ChampionAnswer | HeadersTooLargeProblem | InvalidRequestProblem | PromotionRefusedProblem | UnauthorizedProblem]
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
    body: ChampionChange,
) -> (
    BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | ChampionAnswer
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | PromotionRefusedProblem
    | UnauthorizedProblem
    | None
):
    """Put Champion

     Promote a version, or roll back to one; its lists come with the next scoring run, which this asks
    for.

    The model's files are read and compared with their record first, where the model folder is mounted.

    Args:
        body (ChampionChange): What `PUT /admin/models/champion` takes.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | ChampionAnswer | HeadersTooLargeProblem | InvalidRequestProblem | PromotionRefusedProblem | UnauthorizedProblem
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: ChampionChange,
) -> Response[
    BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | ChampionAnswer
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | PromotionRefusedProblem
    | UnauthorizedProblem
]:
    """Put Champion

     Promote a version, or roll back to one; its lists come with the next scoring run, which this asks
    for.

    The model's files are read and compared with their record first, where the model folder is mounted.

    Args:
        body (ChampionChange): What `PUT /admin/models/champion` takes.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | ChampionAnswer | HeadersTooLargeProblem | InvalidRequestProblem | PromotionRefusedProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: ChampionChange,
) -> (
    BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | ChampionAnswer
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | PromotionRefusedProblem
    | UnauthorizedProblem
    | None
):
    """Put Champion

     Promote a version, or roll back to one; its lists come with the next scoring run, which this asks
    for.

    The model's files are read and compared with their record first, where the model folder is mounted.

    Args:
        body (ChampionChange): What `PUT /admin/models/champion` takes.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | ChampionAnswer | HeadersTooLargeProblem | InvalidRequestProblem | PromotionRefusedProblem | UnauthorizedProblem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
