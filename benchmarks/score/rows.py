"""The figures of one shape as rows, and the bounds that they are held against."""

from benchmarks.figures import Bound, Row, at_least, at_most
from benchmarks.resident import MIB
from benchmarks.score.measure import LOOP, OURS, Measured
from benchmarks.score.peers import CORNAC
from benchmarks.score.same_lists import ROUNDING

FLOOR, BEST = "floor", "floor, all at the largest speed"
MUSTS = {("paper", CORNAC): 3.0, ("paper", LOOP): 1.5, ("default", FLOOR): 0.3}  # ours ÷ it; the aim is 0.6 of floors
GUARDS = {("paper", LOOP): 1.2, ("paper", FLOOR): 0.3, ("default", FLOOR): 0.15}  # of `--quick`, on a busy machine
MOST_MIB = 1024.0  # over the model


def rows_of(shape: str, measured: Measured) -> list[Row]:
    """One row a system and product."""
    ours = measured.rates[OURS].median
    rows = [
        Row(system=f"{shape}: {name}", metric="pairs", value=value / 1e6, unit="M/s", ratio=ours / value)
        for name, value in _pairs(measured).items()
    ]
    for name in _shapes(measured):
        speed = measured.rates[name].median / 1e9
        rows.append(Row(system=f"{shape}: product {name}", metric="operations", value=speed, unit="G/s"))
    over = measured.over_the_model / MIB
    return [*rows, Row(system=f"{shape}: {OURS}", metric="memory over the model", value=over, unit="MiB")]


def bounds_of(shape: str, measured: Measured, *, is_quick: bool) -> list[Bound]:
    """What must hold of the ratios, the lists and the memory."""
    ours, pairs = measured.rates[OURS].median, _pairs(measured)
    return [
        *(
            at_least(f"{shape}: pairs/s, ours ÷ {name}", ours / pairs[name], least)
            for (of, name), least in (GUARDS if is_quick else MUSTS).items()
            if of == shape and name in pairs
        ),
        at_most(f"{shape}: largest difference from the reference's lists", measured.compared.gap, ROUNDING),
        at_most(f"{shape}: MiB over the model", measured.over_the_model / MIB, MOST_MIB),
    ]


def _pairs(measured: Measured) -> dict[str, float]:
    """Pairs a second of each system, then what the processor allows."""
    systems = {name: rates.median for name, rates in measured.rates.items() if name not in _shapes(measured)}
    return {**systems, FLOOR: measured.floor, BEST: measured.floor_at_best}


def _shapes(measured: Measured) -> list[str]:
    return [each.name for each in measured.shapes]
