"""A console of rich's that shows every text as `printable` writes it, wherever in a table, bar or line it stands."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from shared.text.printable import printable


class SafeConsole(Console):
    """Styles and cursor moves are rich's own; what is rendered is text."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The pieces that are printed."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else Segment(_shown(piece.text), piece.style)


def _shown(text: str) -> str:
    """Rich ends its lines itself, each with one piece of its own or at the end of one."""
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))
