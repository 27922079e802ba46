"""The figures as rows, and the bounds that they are held against."""

from benchmarks.figures import Bound, Row, at_least, at_most
from benchmarks.resident import MIB
from benchmarks.score.measure import LOOP, OURS, Measured
from benchmarks.score.peers import CORNAC
from benchmarks.score.same_lists import ROUNDING

FLOOR, BEST = "floor", "floor, all at the largest speed"
MUSTS = {CORNAC: 3.0, LOOP: 1.5, FLOOR: 0.3}  # pairs a second, ours ÷ it; the aim is 0.6 of the floor
GUARDS = {LOOP: 1.2, FLOOR: 0.15}  # of `--quick`, on a busy machine
MOST_MIB = 1024.0  # over the model


def rows_of(measured: Measured) -> list[Row]:
    """One row a system and product."""
    ours = measured.rates[OURS].median
    rows = [
        Row(system=name, metric="pairs", value=value / 1e6, unit="M/s", ratio=ours / value)
        for name, value in _pairs(measured).items()
    ]
    for name in _shapes(measured):
        speed = measured.rates[name].median / 1e9
        rows.append(Row(system=f"product {name}", metric="operations", value=speed, unit="G/s"))
    over = measured.over_the_model / MIB
    return [*rows, Row(system=OURS, metric="memory over the model", value=over, unit="MiB")]


def bounds_of(measured: Measured, *, is_quick: bool) -> list[Bound]:
    """What must hold of the ratios, the lists and the memory."""
    ours, pairs = measured.rates[OURS].median, _pairs(measured)
    return [
        *(
            at_least(f"pairs/s, ours ÷ {name}", ours / pairs[name], least)
            for name, least in (GUARDS if is_quick else MUSTS).items()
            if name in pairs
        ),
        at_most("largest difference from the reference's lists", measured.compared.gap, ROUNDING),
        at_most("MiB over the model", measured.over_the_model / MIB, MOST_MIB),
    ]


def _pairs(measured: Measured) -> dict[str, float]:
    """Pairs a second of each system, then what the processor allows."""
    systems = {name: rates.median for name, rates in measured.rates.items() if name not in _shapes(measured)}
    return {**systems, FLOOR: measured.floor, BEST: measured.floor_at_best}


def _shapes(measured: Measured) -> list[str]:
    return [each.name for each in measured.shapes]
