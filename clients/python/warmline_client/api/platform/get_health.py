from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.bad_request_problem import BadRequestProblem
from ...models.body_too_large_problem import BodyTooLargeProblem
from ...models.headers_too_large_problem import HeadersTooLargeProblem
from ...models.health_answer import HealthAnswer
from ...models.invalid_request_problem import InvalidRequestProblem
from ...types import Response


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/healthz",
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | HealthAnswer | InvalidRequestProblem | None:
    if response.status_code == 200:
        response_200 = HealthAnswer.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = BadRequestProblem.from_dict(response.json())

        return response_400

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
) -> Response[BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | HealthAnswer | InvalidRequestProblem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
) -> Response[BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | HealthAnswer | InvalidRequestProblem]:
    """Get Health

     Alive: the process runs and answers.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | HealthAnswer | InvalidRequestProblem]
    """

    kwargs = _get_kwargs()

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
) -> BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | HealthAnswer | InvalidRequestProblem | None:
    """Get Health

     Alive: the process runs and answers.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | HealthAnswer | InvalidRequestProblem
    """

    return sync_detailed(
        client=client,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
) -> Response[BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | HealthAnswer | InvalidRequestProblem]:
    """Get Health

     Alive: the process runs and answers.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | HealthAnswer | InvalidRequestProblem]
    """

    kwargs = _get_kwargs()

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
) -> BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | HealthAnswer | InvalidRequestProblem | None:
    """Get Health

     Alive: the process runs and answers.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | HealthAnswer | InvalidRequestProblem
    """

    return (
        await asyncio_detailed(
            client=client,
        )
    ).parsed
