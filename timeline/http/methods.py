"""HEAD and OPTIONS on every route: a read without its body, and the methods of a path, or of all with `OPTIONS *`."""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from timeline.http.exact_paths import is_of_server

IS_HEAD = "warmline.is_head"  # in a scope: the body is not sent


class Methods:
    """Answers OPTIONS, and passes on HEAD as GET."""

    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute]) -> None:
        self._app, self._routes = app, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the app answer."""
        method = scope.get("method")
        if method == "OPTIONS" and (allowed := self._allowed(scope)):
            await Response(status_code=204, headers={"Allow": ", ".join(allowed)})(scope, receive, send)
        elif method == "HEAD":
            await self._app({**scope, "method": "GET", IS_HEAD: True}, receive, _without_body(send))
        else:
            await self._app(scope, receive, send)

    def _allowed(self, scope: Scope) -> list[str]:
        is_any = is_of_server(scope)
        matching = [route for route in self._routes if is_any or route.matches(scope)[0] is not Match.NONE]
        methods = {method for route in matching if isinstance(route, Route) for method in route.methods or ()}
        if methods:
            methods |= {"OPTIONS", "HEAD"} if "GET" in methods else {"OPTIONS"}
        return sorted(methods)


def _without_body(send: Send) -> Send:
    async def sent(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return sent
