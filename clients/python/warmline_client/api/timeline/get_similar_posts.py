from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.another_user_problem import AnotherUserProblem
from ...models.bad_request_problem import BadRequestProblem
from ...models.body_too_large_problem import BodyTooLargeProblem
from ...models.headers_too_large_problem import HeadersTooLargeProblem
from ...models.invalid_request_problem import InvalidRequestProblem
from ...models.surface_posts import SurfacePosts
from ...models.token_expired_problem import TokenExpiredProblem
from ...models.unauthorized_problem import UnauthorizedProblem
from ...models.unknown_post_problem import UnknownPostProblem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    post_id: str,
    *,
    limit: int | Unset = 20,
    user_id: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    json_user_id: None | str | Unset
    if isinstance(user_id, Unset):
        json_user_id = UNSET
    else:
        json_user_id = user_id
    params["user_id"] = json_user_id

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/posts/{post_id}/similar".format(
            post_id=quote(str(post_id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> (
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SurfacePosts
    | TokenExpiredProblem
    | UnauthorizedProblem
    | UnknownPostProblem
    | None
):
    if response.status_code == 200:
        response_200 = SurfacePosts.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = BadRequestProblem.from_dict(response.json())

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

    if response.status_code == 404:
        response_404 = UnknownPostProblem.from_dict(response.json())

        return response_404

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
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SurfacePosts
    | TokenExpiredProblem
    | UnauthorizedProblem
    | UnknownPostProblem
]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    post_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 20,
    user_id: None | str | Unset = UNSET,
) -> Response[
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SurfacePosts
    | TokenExpiredProblem
    | UnauthorizedProblem
    | UnknownPostProblem
]:
    """Get Similar

     Posts that are similar to this one by photo and caption, without those that the user must not be
    shown.

    Args:
        post_id (str):
        limit (int | Unset): posts of the page, at most Default: 20.
        user_id (None | str | Unset): whose rules hold; with a JWT always those of its `sub`, with
            the API key a stranger's if this is blank

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AnotherUserProblem | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | SurfacePosts | TokenExpiredProblem | UnauthorizedProblem | UnknownPostProblem]
    """

    kwargs = _get_kwargs(
        post_id=post_id,
        limit=limit,
        user_id=user_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    post_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 20,
    user_id: None | str | Unset = UNSET,
) -> (
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SurfacePosts
    | TokenExpiredProblem
    | UnauthorizedProblem
    | UnknownPostProblem
    | None
):
    """Get Similar

     Posts that are similar to this one by photo and caption, without those that the user must not be
    shown.

    Args:
        post_id (str):
        limit (int | Unset): posts of the page, at most Default: 20.
        user_id (None | str | Unset): whose rules hold; with a JWT always those of its `sub`, with
            the API key a stranger's if this is blank

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AnotherUserProblem | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | SurfacePosts | TokenExpiredProblem | UnauthorizedProblem | UnknownPostProblem
    """

    return sync_detailed(
        post_id=post_id,
        client=client,
        limit=limit,
        user_id=user_id,
    ).parsed


async def asyncio_detailed(
    post_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 20,
    user_id: None | str | Unset = UNSET,
) -> Response[
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SurfacePosts
    | TokenExpiredProblem
    | UnauthorizedProblem
    | UnknownPostProblem
]:
    """Get Similar

     Posts that are similar to this one by photo and caption, without those that the user must not be
    shown.

    Args:
        post_id (str):
        limit (int | Unset): posts of the page, at most Default: 20.
        user_id (None | str | Unset): whose rules hold; with a JWT always those of its `sub`, with
            the API key a stranger's if this is blank

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AnotherUserProblem | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | SurfacePosts | TokenExpiredProblem | UnauthorizedProblem | UnknownPostProblem]
    """

    kwargs = _get_kwargs(
        post_id=post_id,
        limit=limit,
        user_id=user_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    post_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 20,
    user_id: None | str | Unset = UNSET,
) -> (
    AnotherUserProblem
    | BadRequestProblem
    | BodyTooLargeProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SurfacePosts
    | TokenExpiredProblem
    | UnauthorizedProblem
    | UnknownPostProblem
    | None
):
    """Get Similar

     Posts that are similar to this one by photo and caption, without those that the user must not be
    shown.

    Args:
        post_id (str):
        limit (int | Unset): posts of the page, at most Default: 20.
        user_id (None | str | Unset): whose rules hold; with a JWT always those of its `sub`, with
            the API key a stranger's if this is blank

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AnotherUserProblem | BadRequestProblem | BodyTooLargeProblem | HeadersTooLargeProblem | InvalidRequestProblem | SurfacePosts | TokenExpiredProblem | UnauthorizedProblem | UnknownPostProblem
    """

    return (
        await asyncio_detailed(
            post_id=post_id,
            client=client,
            limit=limit,
            user_id=user_id,
        )
    ).parsed
