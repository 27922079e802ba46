"""A rich console that shows every text as `printable` writes it, in tables, bars and lines alike."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from shared.text.printable import printable


class SafeConsole(Console):
    """Styles and cursor moves come from rich itself; all rendered text is made printable."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments that are printed."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else Segment(_shown(piece.text), piece.style)


def _shown(text: str) -> str:
    """Keep the line ends that rich adds: each is a segment of its own, or ends one."""
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))
