"""`/docs`: the OpenAPI document in Swagger UI, whose files come from a package; nothing is loaded from other hosts.

The page has the same origin as `/admin`, and an operator types a token into it. So its content security policy allows
only the two scripts named here, and only requests to its own origin.
"""

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

from timeline.http.problems import Problem

PACKAGE = "fastapi_offline"  # only its files are read, it is not imported
FILES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
START = """SwaggerUIBundle({
  url: "openapi.json", dom_id: "#docs", deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
"""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Warmline timeline</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<noscript>This page wants JavaScript; the document itself is at <a href="openapi.json">openapi.json</a>.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
# Swagger UI writes styles into elements and has its icons as data.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def get_docs() -> HTMLResponse:
    """The page."""
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"})


@router.get("/docs/start.js")
async def get_start() -> Response:
    """The script that starts Swagger UI; it is a file, since the policy forbids inline scripts."""
    return Response(START, media_type="text/javascript")


@router.get("/docs/{name}")
async def get_file(name: str) -> FileResponse:
    """One of Swagger UI's files."""
    folder = _folder()
    if name not in FILES or folder is None:
        raise Problem(404, "not-found", "no such file of /docs; is the package fastapi-offline installed?")
    return FileResponse(folder / name, media_type=FILES[name], headers={"Cache-Control": "public, max-age=3600"})


def _folder() -> Path | None:
    spec = find_spec(PACKAGE)
    return Path(spec.origin).parent / "static" if spec and spec.origin else None
