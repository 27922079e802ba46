"""A terminal's text as a picture, dark in both modes as terminals are."""

from docs_site.svg import DARK, Drawing

FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
SIZE, LINE, MARGIN = 13, 19, 20
CHARACTER = 0.602 * SIZE  # width of one, in the fonts named
SURFACE = "#161b22"


def terminal(title: str, text: str) -> Drawing:
    """The lines on a dark background; typed text is highlighted."""
    lines = text.rstrip().splitlines()
    width = round(max(map(len, lines)) * CHARACTER + 2 * MARGIN)
    drawing = Drawing(title, len(lines) * LINE + 2 * MARGIN, DARK, width=width, font=FONT)
    drawing.band(0, 0, width, drawing.height, SURFACE)
    for number, line in enumerate(lines):
        line = line.replace(" ", "\N{NO-BREAK SPACE}")  # others are drawn as one where several stand together
        drawing.text(
            MARGIN, MARGIN + number * LINE + SIZE, line, color=DARK.strong if number == 0 else DARK.ink, size=SIZE
        )
    return drawing
