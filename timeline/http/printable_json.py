"""JSON answers that are safe to print in a terminal: they may contain text from clients or from the database."""

import json
from typing import Any

from fastapi.responses import JSONResponse

from shared.text.printable import printable_json


class PrintableJSON(JSONResponse):
    """JSON with control and direction characters escaped."""

    def render(self, content: Any) -> bytes:
        """The body."""
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return printable_json(text).encode()
