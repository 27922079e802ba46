"""A drawing as SVG, in light or dark: boxes, arrows, text. All sizes are in pixels of a drawing 640 wide."""

from dataclasses import dataclass, field
from xml.sax.saxutils import escape

WIDTH = 640  # narrow enough to be read on a phone, where it shrinks to some 350
FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
SIZE = 16
LINE = 21  # from one line of text to the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of one mode."""

    ink: str
    muted: str
    line: str
    box: str
    strong: str  # of what the picture is about
    on_strong: str
    series: tuple[str, ...]


LIGHT = Palette(
    ink="#1f2328", muted="#59636e", line="#8c959f", box="#f6f8fa", strong="#c2410c", on_strong="#ffffff",
    series=("#c2410c", "#0969da", "#1a7f37", "#8250df", "#9a6700", "#bf3989", "#57606a"),
)  # fmt: skip
DARK = Palette(
    ink="#e6edf3", muted="#a3acb6", line="#768390", box="#2a2f3a", strong="#fb8c4b", on_strong="#1b1208",
    series=("#fb8c4b", "#58a6ff", "#56d364", "#bc8cff", "#e3b341", "#ff7bbd", "#a3acb6"),
)  # fmt: skip


@dataclass(slots=True)
class Drawing:
    """Parts are drawn in the order in which they are added."""

    title: str  # for who cannot see it
    height: int
    palette: Palette
    width: int = WIDTH
    font: str = FONT
    _parts: list[str] = field(default_factory=list)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: str = "start",
        color: str = "",
        size: int = SIZE,
        bold: bool = False,
    ) -> None:
        """One line of text; y is its baseline."""
        weight = ' font-weight="600"' if bold else ""
        fill = color or self.palette.ink
        self._parts.append(
            f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size}" fill="{fill}"{weight}>'
            f"{escape(text)}</text>"
        )

    def box(
        self, x: float, y: float, width: float, height: float, title: str, *lines: str, strong: bool = False
    ) -> None:
        """A rounded box with a title and smaller lines, all in its middle."""
        fill, ink = (self.palette.strong, self.palette.on_strong) if strong else (self.palette.box, self.palette.ink)
        stroke = self.palette.strong if strong else self.palette.line
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8" fill="{fill}" stroke="{stroke}"/>'
        )
        top = y + height / 2 - LINE * len(lines) / 2 + SIZE * 0.36
        self.text(x + width / 2, top, title, anchor="middle", color=ink, bold=True)
        for number, line in enumerate(lines, start=1):
            color = ink if strong else self.palette.muted
            self.text(x + width / 2, top + LINE * number, line, anchor="middle", color=color, size=SIZE - 2)

    def band(self, x: float, y: float, width: float, height: float, color: str, *, opacity: float = 1.0) -> None:
        """A filled rectangle without a border."""
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="3"'
            f' fill="{color}" opacity="{opacity:g}"/>'
        )

    def line(self, *points: tuple[float, float], color: str = "", width: float = 1.5, dashed: bool = False) -> None:
        """A line through points."""
        self._path(points, color or self.palette.line, width, ' stroke-dasharray="4 4"' if dashed else "")

    def arrow(self, *points: tuple[float, float], color: str = "", dashed: bool = False) -> None:
        """A line through points with a head at the last one."""
        stroke = color or self.palette.line
        self.line(*points, color=stroke, dashed=dashed)
        (from_x, from_y), (x, y) = points[-2:]
        length = ((x - from_x) ** 2 + (y - from_y) ** 2) ** 0.5
        along_x, along_y = (x - from_x) / length * 9, (y - from_y) / length * 9
        left = (x - along_x - along_y / 2, y - along_y + along_x / 2)
        right = (x - along_x + along_y / 2, y - along_y - along_x / 2)
        corners = " ".join(f"{a:.1f},{b:.1f}" for a, b in ((x, y), left, right))
        self._parts.append(f'<polygon points="{corners}" fill="{stroke}"/>')

    def dot(self, x: float, y: float, color: str, *, radius: float = 5) -> None:
        self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{color}"/>')

    def render(self) -> str:
        """The whole file."""
        parts = "\n".join(self._parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}"'
            f' height="{self.height}" font-family="{self.font}" role="img">\n'
            f"<title>{escape(self.title)}</title>\n{parts}\n</svg>\n"
        )

    def _path(self, points: tuple[tuple[float, float], ...], color: str, width: float, more: str) -> None:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width:g}"'
            f' stroke-linejoin="round"{more}/>'
        )
