"""What a float32 step does and moves, by its kernel and its sizes: what explain tells beside the time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from convcore.plans.steps import Buffer

__all__ = ["ARRAYS", "CONVOLUTIONS", "DENSE", "SPARSE", "fused", "traffic"]

Fields = Mapping[str, int | float]
Buffers = Sequence[Buffer | None]

# Kernels that compute a convolution, a dense layer or a gradient of one: those whose FLOPs are counted.
CONVOLUTIONS = frozenset(
    {
        "conv2d_forward",
        "conv2d_forward_groups",
        "conv2d_forward_pool",
        "conv2d_forward_pool_c1",
        "conv2d_winograd",
        "conv2d_winograd_pool",
        "conv2d_backward_data",
        "conv2d_backward_data_groups",
        "conv2d_backward_data_pool",
        "conv2d_backward_weights",
        "conv2d_backward_weights_groups",
        "conv2d_backward_weights_pool",
        "conv2d_backward_weights_pool_c1",
    }
)
DENSE = frozenset({"dense_forward", "dense_backward_data", "dense_backward_weights"})
# Those that skip zeros, or all but the windows that are alive: the work that was planned is a bound.
SPARSE = frozenset(
    {
        "conv2d_forward_pool",
        "conv2d_backward_data_pool",
        "conv2d_backward_weights_pool",
        "conv2d_backward_weights_pool_c1",
    }
)

# The arrays of each kernel in the order of its buffers, by the names of BYTES. What has a name is read or written once.
ARRAYS = {
    "conv2d_forward": "x w oc y",
    "conv2d_turn_weights": "w w",
    "conv2d_backward_data": "y w ic x",
    "conv2d_backward_weights": "x y partial_w",
    "conv2d_forward_groups": "x group_w oc y",
    "conv2d_turn_weights_groups": "group_w group_w",
    "conv2d_backward_data_groups": "y group_w ic x",
    "conv2d_backward_weights_groups": "x y partial_group_w",
    "conv2d_forward_pool": "x w oc pooled codes",
    "conv2d_forward_pool_c1": "x w oc pooled codes",
    "winograd_weights": "w w frequencies",
    "conv2d_winograd": "x frequencies oc y",
    "conv2d_winograd_pool": "x frequencies oc pooled codes",
    "conv2d_pool_turn_weights": "w w",
    "conv2d_backward_weights_pool": "x pooled codes partial_w",
    "conv2d_backward_weights_pool_c1": "x pooled codes partial_w partial_oc",
    "conv2d_backward_data_pool": "pooled codes w x x",
    "add_border": "y y",
    "affine": "x maps y",
    "affine_backward": "y maps x",
    "random_affine": "nothing nothing maps",
    "frame": "x y",
    "upsample": "x y",
    "upsample_backward": "y x",
    "upsample_bilinear": "x y",
    "upsample_bilinear_backward": "y x",
    "unfold": "x windows",
    "fold": "windows x",
    "unfold_planes": "x windows",
    "fold_planes": "windows x",
    "batch_norm": "n_oc nothing oc n_oc",
    "batch_norm_backward": "n_oc n_oc nothing oc oc n_oc",
    "batch_norm_statistics": "oc oc oc nothing oc oc",
    "fold_bias": "oc nothing oc oc",
    "centered_squares": "n_oc oc partial_oc",
    "normalized_products": "n_oc n_oc nothing partial_oc",
    "sum_rows": "y partial_oc",
    "sum_chunks": "n_count count",
    "max_pool2d": "x y y",
    "max_pool2d_backward": "y y x",
    "max_unpool2d": "x indices y",
    "max_unpool2d_backward": "y indices x",
    "avg_pool2d": "x y",
    "avg_pool2d_backward": "y x",
    "global_avg_pool2d": "x y",
    "global_avg_pool2d_backward": "y x",
    "global_max_pool2d": "x y y",
    "dense_forward": "n_ic ic_oc oc n_oc",
    "dense_backward_data": "n_oc ic_oc n_ic",
    "dense_turn_weights": "ic_oc ic_oc",
    "dense_backward_weights": "n_ic n_oc ic_oc",
    "activation": "count count",
    "activation_backward": "count count count count",
    "relu_backward": "count count count",
    "scale_shift": "count count",
    "dropout": "count nothing count",
    "normal_noise": "count nothing count",
    "scale_rows": "repeated n_oc repeated",
    "gather_rows": "rows order n_count",
    "gather_words": "n_count order n_count",
    "layer_norm": "n_oc oc oc n_pairs n_oc",
    "layer_norm_backward": "n_oc n_oc oc n_pairs n_oc",
    "layer_norm_products": "n_oc n_oc n_pairs partial_oc partial_oc",
    "log_softmax": "n_oc n_oc",
    "log_softmax_backward": "n_oc n_oc n_oc",
    "softmax": "n_oc n_oc",
    "softmax_backward": "n_oc n_oc n_oc",
    "softmax_cross_entropy": "n_oc targets n n_oc n_oc n",
    "cross_entropy": "n_oc targets n n_oc n",
    "mean_squared_error": "n_oc targets n n_oc n",
    "row_loss": "n_oc n_oc n nothing n_oc n",
    "row_weights": "n n n n",
    "total_loss": "n nothing",
    "sum_losses": "count count nothing",
    "sgd_step": "nothing nothing updated count updated",
    "adam_step": "nothing nothing updated count updated updated",
    "rmsprop_step": "nothing nothing updated count updated updated updated",
    "prelu": "x nothing x",
    "prelu_backward": "x x nothing x x",
    "amsgrad_step": "nothing nothing updated count updated updated updated",
    "nadam_step": "nothing nothing updated count updated updated",
    "adagrad_step": "nothing nothing updated count updated",
    "adadelta_step": "nothing nothing updated count updated updated",
    "adamax_step": "nothing nothing updated count updated updated",
    "ftrl_step": "nothing nothing updated count updated updated",
    "lion_step": "nothing nothing updated count updated",
    "decay_weights": "nothing nothing updated",
    "scale_gradients": "nothing updated",
    "clip_gradients": "nothing updated",
    "accumulate_gradients": "nothing nothing updated updated",
    "average_weights": "nothing nothing updated updated",
    "sum_squares": "count nothing",
    "clip_factor": "nothing nothing nothing",
    "l1_l2_penalty": "count nothing updated",
    "add_penalties": "nothing nothing",
    "unit_vectors": "n_count n_count n",
    "cosine_penalty": "n_count n nothing n_count",
    "norm_constraint": "nothing normed",
    "non_negative": "nothing updated",
    "merge": "count count count",
    "extremum_backward": "count count count count",
    "repeat": "n_oc repeated",
    "repeat_backward": "repeated n_oc",
    "copy_columns": "n_count n_count",
    "permute": "moved moved",
    "peak": "nothing",
}
# A bias, or its gradient.
BIASES = frozenset({"oc", "partial_oc"})


def fused(kernel: str, fields: Fields, buffers: Buffers) -> list[str]:
    """What a step does in one pass with what its kernel is there for."""
    if kernel == "softmax_cross_entropy":
        return ["softmax", "gradient"]
    if kernel in {"cross_entropy", "mean_squared_error", "row_loss"}:
        return ["gradient"]
    if kernel not in CONVOLUTIONS | DENSE:
        return []
    has_bias = any(array in BIASES and buffer is not None for array, buffer in _named(kernel, buffers))
    has_relu = fields.get("relu") or (kernel == "conv2d_backward_data_pool" and buffers[-2] is not None)
    parts = {"bias": has_bias, "ReLU": has_relu, "max-pool": "_pool" in kernel}
    return [part for part, there in parts.items() if there]


def traffic(kernel: str, fields: Fields, buffers: Buffers) -> int:
    """Bytes of the arrays that a step reads and writes, whatever the caches keep of them."""
    return sum(_BYTES[array](fields) for array, buffer in _named(kernel, buffers) if buffer is not None)


def _named(kernel: str, buffers: Buffers) -> Iterable[tuple[str, Buffer | None]]:
    return zip(ARRAYS[kernel].split(), buffers, strict=False)


def _reals(*names: str) -> Callable[[Fields], int]:
    return lambda fields: 4 * math.prod(int(fields[name]) for name in names)


def _partial(*names: str) -> Callable[[Fields], int]:
    """Sums over the batch, one for each chunk of `count` images."""
    whole = _reals(*names)
    return lambda fields: -(-int(fields["n"]) // int(fields["count"])) * whole(fields)


_ROWS, _TAPS = _reals("n", "oc"), ("kh", "kw", "ic", "oc")
_BYTES: dict[str, Callable[[Fields], int]] = {
    "x": _reals("n", "ih", "iw", "ic"),
    "w": _reals(*_TAPS),
    "partial_w": _partial(*_TAPS),
    "group_w": lambda fields: _reals(*_TAPS)(fields) // int(fields["groups"]),
    "partial_group_w": lambda fields: _partial(*_TAPS)(fields) // int(fields["groups"]),
    "y": _reals("n", "oh", "ow", "oc"),
    "pooled": _reals("n", "zh", "zw", "oc"),
    "codes": lambda fields: _reals("n", "zh", "zw", "oc")(fields) // 4,
    "windows": _reals("n", "oh", "ow", "kh", "kw", "ic"),
    "frequencies": lambda fields: int(fields["kind"] + 2) ** 2 * _reals("ic", "oc")(fields),
    "oc": _reals("oc"),
    "ic": _reals("ic"),
    "partial_oc": _partial("oc"),
    "n": _reals("n"),
    "n_pairs": lambda fields: 2 * _reals("n")(fields),
    "n_ic": _reals("n", "ic"),
    "maps": lambda fields: 32 * int(fields["n"]),
    "ic_oc": _reals("ic", "oc"),
    "n_oc": _ROWS,
    "count": _reals("count"),
    "n_count": _reals("n", "count"),
    "moved": _reals("n", "oh", "ow", "ih", "iw", "ic"),
    "normed": lambda fields: 2 * _reals("kh", "kw", "oh", "ow")(fields),
    "repeated": _reals("n", "ow", "oc"),
    "updated": lambda fields: 2 * _reals("count")(fields),
    "indices": lambda fields: 2 * _reals("n", "ih", "iw", "ic")(fields),
    "order": lambda fields: 8 * int(fields["n"]),
    # Elements of a data set: uint8, float32 or float64.
    "rows": lambda fields: (1, 4, 8)[int(fields["kind"])] * int(fields["n"]) * int(fields["count"]),
    # Class ids, or rows of values.
    "targets": lambda fields: _ROWS(fields) if fields["kind"] else 4 * int(fields["n"]),
    "nothing": lambda _: 0,
}
