from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.act_pending import ActPending
from ...models.bad_request_problem import BadRequestProblem
from ...models.body_too_deep_problem import BodyTooDeepProblem
from ...models.body_too_large_problem import BodyTooLargeProblem
from ...models.busy_problem import BusyProblem
from ...models.headers_too_large_problem import HeadersTooLargeProblem
from ...models.invalid_request_problem import InvalidRequestProblem
from ...models.mute_put import MutePut
from ...models.post_deleted_problem import PostDeletedProblem
from ...models.self_mute_problem import SelfMuteProblem
from ...models.store_unavailable_problem import StoreUnavailableProblem
from ...models.too_many_preferences_problem import TooManyPreferencesProblem
from ...models.unauthorized_problem import UnauthorizedProblem
from ...models.user_erased_problem import UserErasedProblem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    user_id: str,
    muted_user_id: str,
    *,
    body: MutePut | None | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/users/{user_id}/mutes/{muted_user_id}".format(
            user_id=quote(str(user_id), safe=""),
            muted_user_id=quote(str(muted_user_id), safe=""),
        ),
    }

    if isinstance(body, MutePut):
        _kwargs["json"] = body.to_dict()
    else:
        _kwargs["json"] = body

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> (
    ActPending
    | Any
    | BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SelfMuteProblem
    | PostDeletedProblem
    | TooManyPreferencesProblem
    | UserErasedProblem
    | UnauthorizedProblem
    | None
):
    if response.status_code == 202:
        response_202 = ActPending.from_dict(response.json())

        return response_202

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

        def _parse_response_409(data: object) -> PostDeletedProblem | TooManyPreferencesProblem | UserErasedProblem:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_409_type_0 = UserErasedProblem.from_dict(data)

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
            if not isinstance(data, dict):
                raise TypeError()
            response_409_type_2 = TooManyPreferencesProblem.from_dict(data)

            return response_409_type_2

        response_409 = _parse_response_409(response.json())

        return response_409

    if response.status_code == 413:
        response_413 = BodyTooLargeProblem.from_dict(response.json())

        return response_413

    if response.status_code == 422:

        def _parse_response_422(data: object) -> InvalidRequestProblem | SelfMuteProblem:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_422_type_0 = InvalidRequestProblem.from_dict(data)

                return response_422_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            response_422_type_1 = SelfMuteProblem.from_dict(data)

            return response_422_type_1

        response_422 = _parse_response_422(response.json())

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
    ActPending
    | Any
    | BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SelfMuteProblem
    | PostDeletedProblem
    | TooManyPreferencesProblem
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
    muted_user_id: str,
    *,
    client: AuthenticatedClient,
    body: MutePut | None | Unset = UNSET,
) -> Response[
    ActPending
    | Any
    | BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SelfMuteProblem
    | PostDeletedProblem
    | TooManyPreferencesProblem
    | UserErasedProblem
    | UnauthorizedProblem
]:
    """Add Mute

     Mute an author: the user sees none of their posts from the next page on; the author notices nothing.

    Args:
        user_id (str):
        muted_user_id (str):
        body (MutePut | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActPending | Any | BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | HeadersTooLargeProblem | InvalidRequestProblem | SelfMuteProblem | PostDeletedProblem | TooManyPreferencesProblem | UserErasedProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        muted_user_id=muted_user_id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    user_id: str,
    muted_user_id: str,
    *,
    client: AuthenticatedClient,
    body: MutePut | None | Unset = UNSET,
) -> (
    ActPending
    | Any
    | BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SelfMuteProblem
    | PostDeletedProblem
    | TooManyPreferencesProblem
    | UserErasedProblem
    | UnauthorizedProblem
    | None
):
    """Add Mute

     Mute an author: the user sees none of their posts from the next page on; the author notices nothing.

    Args:
        user_id (str):
        muted_user_id (str):
        body (MutePut | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActPending | Any | BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | HeadersTooLargeProblem | InvalidRequestProblem | SelfMuteProblem | PostDeletedProblem | TooManyPreferencesProblem | UserErasedProblem | UnauthorizedProblem
    """

    return sync_detailed(
        user_id=user_id,
        muted_user_id=muted_user_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    user_id: str,
    muted_user_id: str,
    *,
    client: AuthenticatedClient,
    body: MutePut | None | Unset = UNSET,
) -> Response[
    ActPending
    | Any
    | BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SelfMuteProblem
    | PostDeletedProblem
    | TooManyPreferencesProblem
    | UserErasedProblem
    | UnauthorizedProblem
]:
    """Add Mute

     Mute an author: the user sees none of their posts from the next page on; the author notices nothing.

    Args:
        user_id (str):
        muted_user_id (str):
        body (MutePut | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActPending | Any | BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | HeadersTooLargeProblem | InvalidRequestProblem | SelfMuteProblem | PostDeletedProblem | TooManyPreferencesProblem | UserErasedProblem | UnauthorizedProblem]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        muted_user_id=muted_user_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    user_id: str,
    muted_user_id: str,
    *,
    client: AuthenticatedClient,
    body: MutePut | None | Unset = UNSET,
) -> (
    ActPending
    | Any
    | BadRequestProblem
    | BodyTooDeepProblem
    | BodyTooLargeProblem
    | BusyProblem
    | StoreUnavailableProblem
    | HeadersTooLargeProblem
    | InvalidRequestProblem
    | SelfMuteProblem
    | PostDeletedProblem
    | TooManyPreferencesProblem
    | UserErasedProblem
    | UnauthorizedProblem
    | None
):
    """Add Mute

     Mute an author: the user sees none of their posts from the next page on; the author notices nothing.

    Args:
        user_id (str):
        muted_user_id (str):
        body (MutePut | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActPending | Any | BadRequestProblem | BodyTooDeepProblem | BodyTooLargeProblem | BusyProblem | StoreUnavailableProblem | HeadersTooLargeProblem | InvalidRequestProblem | SelfMuteProblem | PostDeletedProblem | TooManyPreferencesProblem | UserErasedProblem | UnauthorizedProblem
    """

    return (
        await asyncio_detailed(
            user_id=user_id,
            muted_user_id=muted_user_id,
            client=client,
            body=body,
        )
    ).parsed
