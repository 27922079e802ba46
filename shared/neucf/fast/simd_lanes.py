"""The hidden layer over a tile of posts, written with LLVM's vector types through numba.

numba vectorizes a loop only where it can prove that arrays do not overlap, which it cannot here (4 million pairs a
second instead of 70). So the innermost loops name the vectors themselves: each lane is a post.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

TILE = 64  # posts that go through the layer together: 24 × 64 floats are 6 KB, a fifth of L1
VECTORS_AT_ONCE = 4  # sums that stay in registers
LANES_AVX512, LANES_OTHER = 16, 8  # floats in a vector: AVX2 has 8, two vectors of NEON have as many

Builder = Any  # llvmlite's; it has no types
Value = Any
FUSED = ("contract",)  # a product and a sum become one instruction


def floats_per_vector() -> int:
    """Floats in a vector on this machine."""
    return LANES_AVX512 if binding.get_host_cpu_features().get("avx512f", False) else LANES_OTHER


def build_hidden_layer(lanes: int) -> Callable[..., None]:
    """A function for numba's code: `hidden_layer(posts, user, weights, target, width)`.

    All arrays are float32 and contiguous. `posts` (width, TILE) and `user` (width,) are the two parts of the hidden
    layer, `weights` (width,) those of the output: weights · relu(posts + user) is added to `target` (TILE,).
    """
    groups = min(VECTORS_AT_ONCE, TILE // lanes)
    vector = ir.VectorType(ir.FloatType(), lanes)
    zero = ir.Constant(vector, [0.0] * lanes)

    def generate(context: Any, build: Builder, signature: Any, arguments: Any) -> Value:
        posts, user, weights, target = (_data(context, build, signature, arguments, index) for index in range(4))
        width = arguments[4]
        with cgutils.for_range_slice(build, _whole(0), _whole(TILE), _whole(lanes * groups)) as (lane, _):
            sums = [cgutils.alloca_once(build, vector) for _ in range(groups)]  # LLVM puts them into registers
            addresses = [build.gep(target, [_sum(build, lane, group * lanes)]) for group in range(groups)]
            for group in range(groups):
                build.store(_load(build, addresses[group], vector), sums[group])
            with cgutils.for_range(build, width) as loop:
                start = _sum(build, build.mul(loop.index, _whole(TILE)), lane)
                user_value = _load_in_all_lanes(build, build.gep(user, [loop.index]), lanes)
                weight = _load_in_all_lanes(build, build.gep(weights, [loop.index]), lanes)
                for group in range(groups):
                    post_values = _load(build, build.gep(posts, [_sum(build, start, group * lanes)]), vector)
                    product = build.fmul(
                        weight, _rectified(build, build.fadd(post_values, user_value), zero), flags=FUSED
                    )
                    build.store(build.fadd(product, build.load(sums[group]), flags=FUSED), sums[group])
            for group in range(groups):
                _store(build, build.load(sums[group]), addresses[group], vector)
        return context.get_dummy_value()

    def hidden_layer(_typing: Any, posts: Any, user: Any, weights: Any, target: Any, width: Any) -> Any:
        return types.void(posts, user, weights, target, width), generate

    built: Callable[..., None] = intrinsic(hidden_layer)
    return built


def build_above(lanes: int) -> Callable[..., int]:
    """A function for numba's code: `above(scores, bar)`, a bit mask of the first TILE scores that are above it."""
    vector, bits = ir.VectorType(ir.FloatType(), lanes), ir.IntType(64)

    def generate(context: Any, build: Builder, signature: Any, arguments: Any) -> Value:
        scores = _data(context, build, signature, arguments, 0)
        bar, mask = _in_all_lanes(build, arguments[1], lanes), _whole(0)
        for lane in range(0, TILE, lanes):
            is_above = build.fcmp_ordered(">", _load(build, build.gep(scores, [_whole(lane)]), vector), bar)
            some = build.zext(build.bitcast(is_above, ir.IntType(lanes)), bits)
            mask = build.or_(mask, build.shl(some, _whole(lane)))
        return mask

    def above(_typing: Any, scores: Any, _bar: Any) -> Any:
        return types.uint64(scores, types.float32), generate

    built: Callable[..., int] = intrinsic(above)
    return built


def build_lowest_bit() -> Callable[..., int]:
    """A function for numba's code: `lowest(mask)`, the index of the lowest bit that is set; one is."""

    def lowest(_typing: Any, mask: Any) -> Any:
        def generate(_context: Any, build: Builder, _signature: Any, arguments: Any) -> Value:
            return build.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

        return types.int64(mask), generate

    built: Callable[..., int] = intrinsic(lowest)
    return built


def _data(context: Any, build: Builder, signature: Any, arguments: Any, index: int) -> Value:
    return make_array(signature.args[index])(context, build, arguments[index]).data


def _whole(number: int) -> Value:
    return ir.Constant(ir.IntType(64), number)


def _sum(build: Builder, *terms: Any) -> Value:
    values = [_whole(term) if isinstance(term, int) else term for term in terms]
    total = values[0]
    for value in values[1:]:
        total = build.add(total, value)
    return total


def _load_in_all_lanes(build: Builder, address: Value, lanes: int) -> Value:
    return _in_all_lanes(build, build.load(address), lanes)


def _in_all_lanes(build: Builder, number: Value, lanes: int) -> Value:
    nothing = ir.Constant(ir.VectorType(ir.FloatType(), lanes), ir.Undefined)
    one = build.insert_element(nothing, number, ir.Constant(ir.IntType(32), 0))
    return build.shuffle_vector(one, nothing, ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes))


def _rectified(build: Builder, value: Value, zero: Value) -> Value:
    """Zero where the value is negative; NaN stays, so that it is noticed."""
    return build.select(build.fcmp_ordered(">", zero, value), zero, value)


def _load(build: Builder, address: Value, vector: Any) -> Value:
    loaded = build.load(build.bitcast(address, vector.as_pointer()))
    loaded.align = 4  # numpy guarantees no more
    return loaded


def _store(build: Builder, value: Value, address: Value, vector: Any) -> None:
    build.store(value, build.bitcast(address, vector.as_pointer())).align = 4
