"""Headers for browsers and caches on every answer."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Browsers must not guess another type from the bytes: ids and captions come from strangers.
NO_GUESSING = (b"x-content-type-options", b"nosniff")
# Pages are personal and change with each request: a shared cache would serve another user's page, or an old one.
NO_STORE = (b"cache-control", b"no-store")
HEADERS = (NO_GUESSING, NO_STORE)
LINES = b"".join(b"%b: %b\r\n" % header for header in HEADERS)  # as header lines


class SecurityHeaders:
    """The outermost middleware, so that unexpected errors have the headers, too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, and add what is missing; a route may say more about caching."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                given = {name.lower() for name, _ in headers}
                message["headers"] = [*headers, *(header for header in HEADERS if header[0] not in given)]
            await send(message)

        await self._app(scope, receive, sent if scope["type"] == "http" else send)
