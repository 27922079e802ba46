"""One layer of the tower over a tile of posts, in vector registers: LLVM's vectors by way of numba.

numba makes vectors of a loop only where it can prove that nothing overlaps, which it cannot here (4 million pairs a
second instead of 70). So the innermost loops say themselves which numbers stand side by side: a lane is a post.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

TILE = 64  # posts that go through the tower together: the widest layer of 32 × 64 floats is 8 KB, a quarter of L1
ROWS = 8  # outputs of a layer computed together; inner widths are padded to a multiple
LANES_AVX512, LANES_OTHER = 16, 8  # floats in a vector: AVX2 has 8, two vectors of NEON have as many

Builder = Any  # llvmlite's; it has no types
Value = Any
FUSED = ("contract",)  # a product and a sum become one instruction


def lanes_here() -> int:
    """Floats in a vector on this machine."""
    return LANES_AVX512 if binding.get_host_cpu_features().get("avx512f", False) else LANES_OTHER


def layer_of(lanes: int, *, is_first: bool, is_last: bool) -> Callable[..., None]:
    """A function for numba's code: `layer(source, user, weights, at_weight, biases, at_bias, target, n_in, n_out)`.

    All arrays are float32 and contiguous. `source` (n_in, TILE) is the layer below or, where `is_first`, the posts'
    part of the first layer, to which `user` (n_in,) is added before the rectifier. `weights` from `at_weight` on are
    (n_in, n_out). An inner layer writes relu(weights · source + biases) to `target` (n_out, TILE), n_out being a
    multiple of ROWS; the last one has one output and adds it to `target` (TILE,).
    """
    rows, groups = (1, 4) if is_last else (ROWS, 2)
    groups = min(groups, TILE // lanes)
    vector = ir.VectorType(ir.FloatType(), lanes)
    zero = ir.Constant(vector, [0.0] * lanes)

    def generate(context: Any, build: Builder, signature: Any, given: Any) -> Value:
        pointers = [_data(context, build, signature, given, place) for place in (0, 1, 2, 4, 6)]
        source, user, weights, biases, target = pointers
        at_weight, at_bias, n_in, n_out = given[3], given[5], given[7], given[8]
        with (
            cgutils.for_range_slice(build, _whole(0), n_out, _whole(rows)) as (row, _),
            cgutils.for_range_slice(build, _whole(0), _whole(TILE), _whole(lanes * groups)) as (lane, _),
        ):
            cells = [(r, g) for r in range(rows) for g in range(groups)]
            sums = {cell: cgutils.alloca_once(build, vector) for cell in cells}  # LLVM keeps them in registers
            places = {
                (r, g): build.gep(target, [_sum(build, build.mul(_sum(build, row, r), _whole(TILE)), lane, g * lanes)])
                for r, g in cells
            }
            for r, g in cells:
                begun = (
                    _load(build, places[r, g], vector)
                    if is_last
                    else _spread(build, build.gep(biases, [_sum(build, at_bias, row, r)]), lanes)
                )
                build.store(begun, sums[r, g])
            with cgutils.for_range(build, n_in) as loop:
                start = _sum(build, build.mul(loop.index, _whole(TILE)), lane)
                below = [
                    _load(build, build.gep(source, [_sum(build, start, g * lanes)]), vector) for g in range(groups)
                ]
                if is_first:
                    mine = _spread(build, build.gep(user, [loop.index]), lanes)
                    below = [_rectified(build, build.fadd(each, mine), zero) for each in below]
                first_weight = _sum(build, at_weight, build.mul(loop.index, n_out), row)
                for r in range(rows):
                    weight = _spread(build, build.gep(weights, [_sum(build, first_weight, r)]), lanes)
                    for g in range(groups):
                        product = build.fmul(weight, below[g], flags=FUSED)
                        build.store(build.fadd(product, build.load(sums[r, g]), flags=FUSED), sums[r, g])
            for cell in cells:
                done = build.load(sums[cell])
                _store(build, done if is_last else _rectified(build, done, zero), places[cell], vector)
        return context.get_dummy_value()

    def layer(
        _typing: Any, source: Any, user: Any, weights: Any, at_weight: Any, biases: Any, at_bias: Any, target: Any,
        n_in: Any, n_out: Any,
    ) -> Any:  # fmt: skip
        return types.void(source, user, weights, at_weight, biases, at_bias, target, n_in, n_out), generate

    made: Callable[..., None] = intrinsic(layer)
    return made


def above_of(lanes: int) -> Callable[..., int]:
    """A function for numba's code: `above(scores, bar)`, bits that say which of the first TILE scores are above it."""
    vector, bits = ir.VectorType(ir.FloatType(), lanes), ir.IntType(64)

    def generate(context: Any, build: Builder, signature: Any, given: Any) -> Value:
        scores = _data(context, build, signature, given, 0)
        bar, mask = _in_all_lanes(build, given[1], lanes), _whole(0)
        for lane in range(0, TILE, lanes):
            is_above = build.fcmp_ordered(">", _load(build, build.gep(scores, [_whole(lane)]), vector), bar)
            some = build.zext(build.bitcast(is_above, ir.IntType(lanes)), bits)
            mask = build.or_(mask, build.shl(some, _whole(lane)))
        return mask

    def above(_typing: Any, scores: Any, _bar: Any) -> Any:
        return types.uint64(scores, types.float32), generate

    made: Callable[..., int] = intrinsic(above)
    return made


def lowest_bit() -> Callable[..., int]:
    """A function for numba's code: `lowest(mask)`, the place of the lowest bit that is set; one is."""

    def lowest(_typing: Any, mask: Any) -> Any:
        def generate(_context: Any, build: Builder, _signature: Any, given: Any) -> Value:
            return build.cttz(given[0], ir.Constant(ir.IntType(1), 1))

        return types.int64(mask), generate

    made: Callable[..., int] = intrinsic(lowest)
    return made


def _data(context: Any, build: Builder, signature: Any, given: Any, place: int) -> Value:
    return make_array(signature.args[place])(context, build, given[place]).data


def _whole(number: int) -> Value:
    return ir.Constant(ir.IntType(64), number)


def _sum(build: Builder, *terms: Any) -> Value:
    values = [_whole(term) if isinstance(term, int) else term for term in terms]
    total = values[0]
    for value in values[1:]:
        total = build.add(total, value)
    return total


def _spread(build: Builder, place: Value, lanes: int) -> Value:
    return _in_all_lanes(build, build.load(place), lanes)


def _in_all_lanes(build: Builder, number: Value, lanes: int) -> Value:
    nothing = ir.Constant(ir.VectorType(ir.FloatType(), lanes), ir.Undefined)
    one = build.insert_element(nothing, number, ir.Constant(ir.IntType(32), 0))
    return build.shuffle_vector(one, nothing, ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes))


def _rectified(build: Builder, value: Value, zero: Value) -> Value:
    """Zero where the value is below; not a number stays, so that it is noticed."""
    return build.select(build.fcmp_ordered(">", zero, value), zero, value)


def _load(build: Builder, place: Value, vector: Any) -> Value:
    loaded = build.load(build.bitcast(place, vector.as_pointer()))
    loaded.align = 4  # numpy promises no more
    return loaded


def _store(build: Builder, value: Value, place: Value, vector: Any) -> None:
    build.store(value, build.bitcast(place, vector.as_pointer())).align = 4
