"""Who may call which routes, by the routes' tags: for the OpenAPI document, and for what browsers may call. Pure."""

USER, BACKEND, OPERATOR = "userJwt", "apiKey", "adminToken"
# Bearer tokens, as the document names them.
TOKENS = {
    USER: "the user's own JWT, signed with `WARMLINE_JWT_KEY`; its `sub` is the user's id",
    BACKEND: "the API key (`WARMLINE_API_KEY`), which stays in the app's backend",
    OPERATOR: "the admin token (`WARMLINE_ADMIN_TOKEN`)",
}
# Which of them open the routes of a tag; those of other tags want none.
CALLERS = {
    "timeline": (USER, BACKEND),
    "events": (BACKEND, USER),
    "preferences": (BACKEND, USER),
    "onboarding": (BACKEND,),
    "writes": (BACKEND,),
    "data": (BACKEND,),
    "recommendations": (BACKEND,),
    "admin": (OPERATOR,),
}
WRITES_OF_USERS = frozenset({"events", "preferences"})  # open to a user's JWT only where WARMLINE_JWT_WRITES is on


def callers_of(tags: list[str]) -> tuple[str, ...]:
    """The tokens that open a route with these tags; none: everybody may call it."""
    return next((CALLERS[tag] for tag in tags if tag in CALLERS), ())
