from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.bad_request_problem import BadRequestProblem
from ...models.body_too_large_problem import BodyTooLargeProblem
from ...models.headers_too_large_problem import HeadersTooLargeProblem
from ...models.invalid_request_problem import InvalidRequestProblem
from ...models.job import Job
from ...models.run_requested import RunRequested
from ...models.run_under_way_problem import RunUnderWayProblem
from ...models.service_not_alive_problem import ServiceNotAliveProblem
from ...models.store_unavailable_problem import StoreUnavailableProblem
from ...models.unauthorized_problem import UnauthorizedProblem
from ...types import Response


def _get_kwargs(
    job: Job,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/admin/jobs/{job}".format(
            job=quote(str(job), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> (
    BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RunRequested
    | RunUnderWayProblem
    | ServiceNotAliveProblem
    | StoreUnavailableProblem
    | UnauthorizedProblem
    | None
):
    if response.status_code == 202:
        response_202 = RunRequested.from_dict(response.json())

        return response_202

    if response.status_code == 400:
        response_400 = BadRequestProblem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = UnauthorizedProblem.from_dict(response.json())

        return response_401

    if response.status_code == 409:
        response_409 = RunUnderWayProblem.from_dict(response.json())

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

        def _parse_response_503(data: object) -> ServiceNotAliveProblem | StoreUnavailableProblem:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_503_type_0 = ServiceNotAliveProblem.from_dict(data)

                return response_503_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            response_503_type_1 = StoreUnavailableProblem.from_dict(data)

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
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RunRequested
    | RunUnderWayProblem
    | ServiceNotAliveProblem
    | StoreUnavailableProblem
    | UnauthorizedProblem
]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    job: Job,
    *,
    client: AuthenticatedClient,
) -> Response[
    BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RunRequested
    | RunUnderWayProblem
    | ServiceNotAliveProblem
    | StoreUnavailableProblem
    | UnauthorizedProblem
]:
    """Ask For Run

     Ask the service that does a job for a run; it begins within seconds.

    Args:
        job (Job): The jobs that can be requested.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | RunRequested | RunUnderWayProblem | ServiceNotAliveProblem | StoreUnavailableProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        job=job,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    job: Job,
    *,
    client: AuthenticatedClient,
) -> (
    BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RunRequested
    | RunUnderWayProblem
    | ServiceNotAliveProblem
    | StoreUnavailableProblem
    | UnauthorizedProblem
    | None
):
    """Ask For Run

     Ask the service that does a job for a run; it begins within seconds.

    Args:
        job (Job): The jobs that can be requested.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | RunRequested | RunUnderWayProblem | ServiceNotAliveProblem | StoreUnavailableProblem | UnauthorizedProblem
    """

    return sync_detailed(
        job=job,
        client=client,
    ).parsed


async def asyncio_detailed(
    job: Job,
    *,
    client: AuthenticatedClient,
) -> Response[
    BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RunRequested
    | RunUnderWayProblem
    | ServiceNotAliveProblem
    | StoreUnavailableProblem
    | UnauthorizedProblem
]:
    """Ask For Run

     Ask the service that does a job for a run; it begins within seconds.

    Args:
        job (Job): The jobs that can be requested.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | RunRequested | RunUnderWayProblem | ServiceNotAliveProblem | StoreUnavailableProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        job=job,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    job: Job,
    *,
    client: AuthenticatedClient,
) -> (
    BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RunRequested
    | RunUnderWayProblem
    | ServiceNotAliveProblem
    | StoreUnavailableProblem
    | UnauthorizedProblem
    | None
):
    """Ask For Run

     Ask the service that does a job for a run; it begins within seconds.

    Args:
        job (Job): The jobs that can be requested.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | RunRequested | RunUnderWayProblem | ServiceNotAliveProblem | StoreUnavailableProblem | UnauthorizedProblem
    """

    return (
        await asyncio_detailed(
            job=job,
            client=client,
        )
    ).parsed
