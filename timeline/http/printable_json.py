"""Answers in JSON whose text steers no terminal: what stands in them may be a client's, or out of a database."""

import json
from typing import Any

from fastapi.responses import JSONResponse

from shared.text.printable import printable_json


class PrintableJSON(JSONResponse):
    """JSON with the same values; control characters and turns of direction are written as their numbers."""

    def render(self, content: Any) -> bytes:
        """The body."""
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return printable_json(text).encode()
