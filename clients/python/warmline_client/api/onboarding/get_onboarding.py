from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.bad_request_problem import BadRequestProblem
from ...models.body_too_large_problem import BodyTooLargeProblem
from ...models.headers_too_large_problem import HeadersTooLargeProblem
from ...models.invalid_request_problem import InvalidRequestProblem
from ...models.onboarding_page import OnboardingPage
from ...models.unauthorized_problem import UnauthorizedProblem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    limit: int | Unset = 20,
    language: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    json_language: None | str | Unset
    if isinstance(language, Unset):
        json_language = UNSET
    else:
        json_language = language
    params["language"] = json_language

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/onboarding",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> (
    BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | OnboardingPage
    | UnauthorizedProblem
    | None
):
    if response.status_code == 200:
        response_200 = OnboardingPage.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = BadRequestProblem.from_dict(response.json())

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

    if response.status_code == 431:
        response_431 = HeadersTooLargeProblem.from_dict(response.json())

        return response_431

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
    | OnboardingPage
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
    limit: int | Unset = 20,
    language: None | str | Unset = UNSET,
) -> Response[
    BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | OnboardingPage
    | UnauthorizedProblem
]:
    """Get Onboarding

     Posts and tags to begin with, unlike one another, for people of whom nothing is known.

    Args:
        limit (int | Unset): posts of the page, at most Default: 20.
        language (None | str | Unset): posts in another language are left out (those that say none
            are not)

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | OnboardingPage | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        limit=limit,
        language=language,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 20,
    language: None | str | Unset = UNSET,
) -> (
    BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | OnboardingPage
    | UnauthorizedProblem
    | None
):
    """Get Onboarding

     Posts and tags to begin with, unlike one another, for people of whom nothing is known.

    Args:
        limit (int | Unset): posts of the page, at most Default: 20.
        language (None | str | Unset): posts in another language are left out (those that say none
            are not)

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | OnboardingPage | UnauthorizedProblem
    """

    return sync_detailed(
        client=client,
        limit=limit,
        language=language,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 20,
    language: None | str | Unset = UNSET,
) -> Response[
    BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | OnboardingPage
    | UnauthorizedProblem
]:
    """Get Onboarding

     Posts and tags to begin with, unlike one another, for people of whom nothing is known.

    Args:
        limit (int | Unset): posts of the page, at most Default: 20.
        language (None | str | Unset): posts in another language are left out (those that say none
            are not)

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | OnboardingPage | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        limit=limit,
        language=language,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 20,
    language: None | str | Unset = UNSET,
) -> (
    BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | OnboardingPage
    | UnauthorizedProblem
    | None
):
    """Get Onboarding

     Posts and tags to begin with, unlike one another, for people of whom nothing is known.

    Args:
        limit (int | Unset): posts of the page, at most Default: 20.
        language (None | str | Unset): posts in another language are left out (those that say none
            are not)

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | OnboardingPage | UnauthorizedProblem
    """

    return (
        await asyncio_detailed(
            client=client,
            limit=limit,
            language=language,
        )
    ).parsed
