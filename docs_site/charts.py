"""The charts of the documentation, from the figures in docs/pictures/run.json."""

from collections.abc import Callable, Sequence
from typing import Any

from docs_site.svg import SIZE, Drawing, Palette

Run = dict[str, Any]
NAMES = {"neucf": "NeuCF", "neucf without serving order": "NeuCF’s score alone"}
ORDER = ("neucf", "neucf without serving order", "heuristic", "popularity now", "popularity")
TITLES = {"ndcg@10": "NDCG@10", "hr@10": "HR@10", "recall@20": "Recall@20"}
LEFT, RIGHT = 190, 615


def comparison(run: Run, palette: Palette) -> Drawing:
    """Each system's mean and 95 % interval, one part for each metric."""
    pitch, part = 27, 200
    drawing = Drawing(
        "NeuCF beside plain rankers in the replay, with 95 % intervals over users", 3 * part + 20, palette
    )
    for number, (metric, title) in enumerate(TITLES.items()):
        figures = {name: run["systems"][name][metric] for name in ORDER}
        ticks = _ticks(0.0, max(value["high"] for value in figures.values()))
        top, bottom = number * part + 40, number * part + 40 + len(ORDER) * pitch
        x_of = _scale(0.0, ticks[-1], LEFT, RIGHT)
        drawing.text(LEFT, top - 16, title, bold=True)
        for tick in ticks:
            drawing.line((x_of(tick), top - 6), (x_of(tick), bottom), color=palette.line, width=0.6)
            drawing.text(x_of(tick), bottom + 15, f"{tick:g}", anchor="middle", color=palette.muted, size=SIZE - 3)
        for place, (name, value) in enumerate(figures.items()):
            y = top + 10 + place * pitch
            color = palette.strong if name == "neucf" else palette.muted
            drawing.text(LEFT - 12, y + 5, NAMES.get(name, name), anchor="end", bold=name == "neucf", size=SIZE - 1)
            drawing.line((x_of(value["low"]), y), (x_of(value["high"]), y), color=color, width=3)
            drawing.dot(x_of(value["mean"]), y, color, radius=5.5)
    return drawing


def learning_curves(run: Run, palette: Palette) -> Drawing:
    """Loss and validation figure by epoch, of the trainings that look for the best epoch."""
    drawing = Drawing("Loss and validation figure of each epoch", 560, palette)
    _curves(drawing, run, "losses", "loss of training", top=40)
    _curves(drawing, run, "validations", "NDCG@10 on likes that were held back", top=290)
    for number, (name, curves) in enumerate(run["curves"].items()):
        y = 528 + number * 22
        drawing.line((62, y - 5), (90, y - 5), color=palette.series[number], width=3)
        drawing.text(100, y, f"{name}; best: epoch {_best(curves['validations'])[0]:g}", size=SIZE - 1)
    return drawing


def _curves(drawing: Drawing, run: Run, kind: str, title: str, *, top: float) -> None:
    palette, bottom = drawing.palette, top + 170
    all_series: list[Sequence[Sequence[float]]] = [each[kind] for each in run["curves"].values()]
    values = [value for series in all_series for _, value in series]
    epochs = [epoch for series in all_series for epoch, _ in series]
    ticks = _ticks(min(values), max(values))
    x_of, y_of = _scale(0, max(epochs), 62, RIGHT), _scale(ticks[0], ticks[-1], bottom, top)
    drawing.text(62, top - 16, title, bold=True)
    for tick in ticks:
        drawing.line((62, y_of(tick)), (RIGHT, y_of(tick)), color=palette.line, width=0.6)
        drawing.text(54, y_of(tick) + 5, f"{tick:g}", anchor="end", color=palette.muted, size=SIZE - 3)
    for number in range(0, int(max(epochs)) + 1, 4):
        drawing.text(x_of(number), bottom + 20, f"{number}", anchor="middle", color=palette.muted, size=SIZE - 3)
    drawing.text(RIGHT, bottom + 38, "epoch", anchor="end", color=palette.muted, size=SIZE - 3)
    for number, series in enumerate(all_series):
        color = palette.series[number]
        drawing.line(*[(x_of(epoch), y_of(value)) for epoch, value in series], color=color, width=2.5)
        if kind == "validations":
            epoch, value = _best(series)
            drawing.dot(x_of(epoch), y_of(value), color)


def _best(series: Sequence[Sequence[float]]) -> Sequence[float]:
    """Epoch and value of the highest point."""
    return max(series, key=lambda point: point[1])


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from below the lowest value to above the highest, about four of them."""
    span = high - low
    step = next(size for size in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0) if span / size <= 4)
    first = int(low / step)
    count = next(number for number in range(1, 100) if (first + number) * step >= high)
    return [round((first + number) * step, 4) for number in range(count + 1)]
