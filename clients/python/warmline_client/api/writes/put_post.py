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
from ...models.post_deleted_problem import PostDeletedProblem
from ...models.post_is_fixed_problem import PostIsFixedProblem
from ...models.post_put import PostPut
from ...models.relation_is_a_view_problem import RelationIsAViewProblem
from ...models.store_unavailable_problem import StoreUnavailableProblem
from ...models.unauthorized_problem import UnauthorizedProblem
from ...models.user_erased_problem import UserErasedProblem
from ...types import Response


def _get_kwargs(
    post_id: str,
    *,
    body: PostPut,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/posts/{post_id}".format(
            post_id=quote(str(post_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

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
    | PostDeletedProblem
    | PostIsFixedProblem
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

        def _parse_response_409(
            data: object,
        ) -> PostDeletedProblem | PostIsFixedProblem | RelationIsAViewProblem | UserErasedProblem:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_409_type_0 = RelationIsAViewProblem.from_dict(data)

                return response_409_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_409_type_1 = PostDeletedProblem.from_dict(data)

                return response_409_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_409_type_2 = PostIsFixedProblem.from_dict(data)

                return response_409_type_2
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            response_409_type_3 = UserErasedProblem.from_dict(data)

            return response_409_type_3

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
    | PostDeletedProblem
    | PostIsFixedProblem
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
    post_id: str,
    *,
    client: AuthenticatedClient,
    body: PostPut,
) -> Response[
    Any
    | BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | PostDeletedProblem
    | PostIsFixedProblem
    | RelationIsAViewProblem
    | UserErasedProblem
    | UnauthorizedProblem
]:
    """Write Post

     Write a post that anyone may see; the next run of a job ranks it.

    Args:
        post_id (str):
        body (PostPut): What `PUT /posts/{id}` takes: a post that anyone may see.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | HeadersTooLargeProblem | InvalidRequestProblem | PostDeletedProblem | PostIsFixedProblem | RelationIsAViewProblem | UserErasedProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        post_id=post_id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    post_id: str,
    *,
    client: AuthenticatedClient,
    body: PostPut,
) -> (
    Any
    | BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | PostDeletedProblem
    | PostIsFixedProblem
    | RelationIsAViewProblem
    | UserErasedProblem
    | UnauthorizedProblem
    | None
):
    """Write Post

     Write a post that anyone may see; the next run of a job ranks it.

    Args:
        post_id (str):
        body (PostPut): What `PUT /posts/{id}` takes: a post that anyone may see.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | HeadersTooLargeProblem | InvalidRequestProblem | PostDeletedProblem | PostIsFixedProblem | RelationIsAViewProblem | UserErasedProblem | UnauthorizedProblem
    """

    return sync_detailed(
        post_id=post_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    post_id: str,
    *,
    client: AuthenticatedClient,
    body: PostPut,
) -> Response[
    Any
    | BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | PostDeletedProblem
    | PostIsFixedProblem
    | RelationIsAViewProblem
    | UserErasedProblem
    | UnauthorizedProblem
]:
    """Write Post

     Write a post that anyone may see; the next run of a job ranks it.

    Args:
        post_id (str):
        body (PostPut): What `PUT /posts/{id}` takes: a post that anyone may see.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | HeadersTooLargeProblem | InvalidRequestProblem | PostDeletedProblem | PostIsFixedProblem | RelationIsAViewProblem | UserErasedProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        post_id=post_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    post_id: str,
    *,
    client: AuthenticatedClient,
    body: PostPut,
) -> (
    Any
    | BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | PostDeletedProblem
    | PostIsFixedProblem
    | RelationIsAViewProblem
    | UserErasedProblem
    | UnauthorizedProblem
    | None
):
    """Write Post

     Write a post that anyone may see; the next run of a job ranks it.

    Args:
        post_id (str):
        body (PostPut): What `PUT /posts/{id}` takes: a post that anyone may see.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | HeadersTooLargeProblem | InvalidRequestProblem | PostDeletedProblem | PostIsFixedProblem | RelationIsAViewProblem | UserErasedProblem | UnauthorizedProblem
    """

    return (
        await asyncio_detailed(
            post_id=post_id,
            client=client,
            body=body,
        )
    ).parsed
