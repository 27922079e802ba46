from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.bad_request_problem import BadRequestProblem
from ...models.body_too_deep_problem import BodyTooDeepProblem
from ...models.body_too_large_problem import BodyTooLargeProblem
from ...models.busy_problem import BusyProblem
from ...models.headers_too_large_problem import HeadersTooLargeProblem
from ...models.invalid_request_problem import InvalidRequestProblem
from ...models.recommendations_request import RecommendationsRequest
from ...models.recommended_posts import RecommendedPosts
from ...models.too_many_requests_problem import TooManyRequestsProblem
from ...models.unauthorized_problem import UnauthorizedProblem
from ...types import Response


def _get_kwargs(
    *,
    body: RecommendationsRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/recommendations",
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
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RecommendedPosts
    | TooManyRequestsProblem
    | UnauthorizedProblem
    | None
):
    if response.status_code == 200:
        response_200 = RecommendedPosts.from_dict(response.json())

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

    if response.status_code == 413:
        response_413 = BodyTooLargeProblem.from_dict(response.json())

        return response_413

    if response.status_code == 422:
        response_422 = InvalidRequestProblem.from_dict(response.json())

        return response_422

    if response.status_code == 429:
        response_429 = TooManyRequestsProblem.from_dict(response.json())

        return response_429

    if response.status_code == 431:
        response_431 = HeadersTooLargeProblem.from_dict(response.json())

        return response_431

    if response.status_code == 503:
        response_503 = BusyProblem.from_dict(response.json())

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
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RecommendedPosts
    | TooManyRequestsProblem
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
    body: RecommendationsRequest,
) -> Response[
    BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RecommendedPosts
    | TooManyRequestsProblem
    | UnauthorizedProblem
]:
    """Post Recommendations

     Posts for somebody without an account, from what they liked or look for. Nothing of it is stored.

    Args:
        body (RecommendationsRequest): What `POST /recommendations` takes. Ids of posts that do
            not exist, or that nobody may see, are ignored.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | HeadersTooLargeProblem | InvalidRequestProblem | RecommendedPosts | TooManyRequestsProblem | UnauthorizedProblem]
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
    body: RecommendationsRequest,
) -> (
    BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RecommendedPosts
    | TooManyRequestsProblem
    | UnauthorizedProblem
    | None
):
    """Post Recommendations

     Posts for somebody without an account, from what they liked or look for. Nothing of it is stored.

    Args:
        body (RecommendationsRequest): What `POST /recommendations` takes. Ids of posts that do
            not exist, or that nobody may see, are ignored.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | HeadersTooLargeProblem | InvalidRequestProblem | RecommendedPosts | TooManyRequestsProblem | UnauthorizedProblem
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: RecommendationsRequest,
) -> Response[
    BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RecommendedPosts
    | TooManyRequestsProblem
    | UnauthorizedProblem
]:
    """Post Recommendations

     Posts for somebody without an account, from what they liked or look for. Nothing of it is stored.

    Args:
        body (RecommendationsRequest): What `POST /recommendations` takes. Ids of posts that do
            not exist, or that nobody may see, are ignored.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | HeadersTooLargeProblem | InvalidRequestProblem | RecommendedPosts | TooManyRequestsProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: RecommendationsRequest,
) -> (
    BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | RecommendedPosts
    | TooManyRequestsProblem
    | UnauthorizedProblem
    | None
):
    """Post Recommendations

     Posts for somebody without an account, from what they liked or look for. Nothing of it is stored.

    Args:
        body (RecommendationsRequest): What `POST /recommendations` takes. Ids of posts that do
            not exist, or that nobody may see, are ignored.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | HeadersTooLargeProblem | InvalidRequestProblem | RecommendedPosts | TooManyRequestsProblem | UnauthorizedProblem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
