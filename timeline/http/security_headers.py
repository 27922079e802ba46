"""What every answer says to browsers and caches, whoever gives it."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# An answer is what its type says, and nothing that a browser guesses from its bytes: ids and captions are strangers'.
NO_GUESSING = (b"x-content-type-options", b"nosniff")
# Pages are personal and change with each request; a cache between would give one's page to another, or an old one.
NO_STORE = (b"cache-control", b"no-store")
HEADERS = (NO_GUESSING, NO_STORE)
LINES = b"".join(b"%b: %b\r\n" % header for header in HEADERS)  # as they stand in a head


class SecurityHeaders:
    """Stands outside of all that may answer, errors that nobody expected among them."""

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
