"""`convcore.ops.conv2d` and its two backwards under the active ISA; `test_isas` repeats the sweeps under all."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import ops, runtime
from tests import sliding
from tests.bounds import gamma
from tests.cases import EDGE_CONVS, GROUPED_CONVS, SEED_CONVS, TAIL_CONVS, THREADED_CONVS, Conv, random_convs
from tests.checks import (
    check_conv_bound,
    check_whole_conv,
    conv_inputs,
    conv_outputs,
    digest,
    integers,
    normals,
)
from tests.layouts import layouts
from tests.reference import Array

EDGES = [case for case in (*EDGE_CONVS, *GROUPED_CONVS[:17]) if case.n]
GRADIENT_CASES = [*(case for case in EDGES if case.flops < 20_000), *random_convs(31, 25, largest=6)]


def same_bits(a: Array, b: Array) -> None:
    assert digest([a]) == digest([b])


class TestWholeNumbers:
    """Sums of whole numbers below 2**24 are exact in any order: no bit may differ from the int64 definition."""

    @pytest.mark.parametrize("case", [*EDGE_CONVS, *GROUPED_CONVS, *TAIL_CONVS], ids=str)
    def test_edges(self, case: Conv) -> None:
        check_whole_conv(case, 1, threads=(1, 3))

    @pytest.mark.parametrize("part", range(10))
    def test_random(self, part: int) -> None:
        for number, case in enumerate(random_convs(100 + part, 200)):
            check_whole_conv(case, number)

    @pytest.mark.parametrize("case", THREADED_CONVS, ids=str)
    def test_with_threads(self, case: Conv) -> None:
        check_whole_conv(case, 2, threads=(1, 2, 3, 5))

    def test_the_largest_exact_sum(self) -> None:
        """16,384 products of 32 * 32 make 2**24, the last whole number before float32 has gaps."""
        x, w = np.full((1, 8, 8, 256), 32, np.float32), np.full((8, 8, 256, 3), 32, np.float32)
        np.testing.assert_array_equal(ops.conv2d(x, w), np.full((1, 1, 1, 3), 2**24, np.float32))


class TestRealNumbers:
    @pytest.mark.parametrize("case", [*EDGES, *SEED_CONVS, *THREADED_CONVS], ids=str)
    def test_bound(self, case: Conv) -> None:
        check_conv_bound(case, 3)

    @pytest.mark.parametrize("part", range(4))
    def test_bound_random(self, part: int) -> None:
        for number, case in enumerate(random_convs(200 + part, 100)):
            check_conv_bound(case, number)

    def test_cancellation(self) -> None:
        """The error is relative to the sum of magnitudes: the result itself may lose everything."""
        x = np.array([1e8, 1, -1e8], np.float32).reshape(1, 1, 3, 1)
        y = ops.conv2d(x, np.ones((1, 3, 1, 1), np.float32))
        assert abs(float(y[0, 0, 0, 0]) - 1) <= gamma(3) * (2e8 + 1)

    def test_weights_gradient_of_a_large_batch_does_not_drift(self) -> None:
        """2,768,896 equal products: one chain would be allowed an error of 20 %, chunks and a tree 4.1e-5."""
        x = np.full((4096, 26, 26, 1), 0.1, np.float32)
        dw, db = ops.conv2d_backward_weights(x, x, (1, 1, 1, 1))
        value = float(np.float32(0.1))
        assert float(dw[0, 0, 0, 0]) == pytest.approx(x.size * value**2, rel=gamma(676 + 12))
        assert float(db[0]) == pytest.approx(x.size * value, rel=gamma(676 + 12))

    def test_float64_stays_float64(self) -> None:
        case = EDGES[3]
        inputs = [a.astype(np.float64) for a in conv_inputs(case, 4, whole=False)]
        x, w, bias, _ = inputs
        results = conv_outputs(case, *inputs)
        assert {a.dtype for a in results.values()} == {np.dtype(np.float64)}
        np.testing.assert_allclose(
            results["y"], sliding.conv2d(x, w, bias, **case.oracle_arguments), rtol=0, atol=1e-13
        )


class TestGradients:
    """Central differences in float64 of <relu(conv(x, w, b)), g>, which is not linear in any argument."""

    @pytest.mark.parametrize("case", GRADIENT_CASES, ids=str)
    def test_difference_quotients(self, case: Conv) -> None:
        x, w, bias, g = (a.astype(np.float64) for a in conv_inputs(case, 5, whole=False))
        step = 1e-6
        y = ops.conv2d(x, w, bias, activation="relu", **case.arguments)
        before = ops.conv2d(x, w, bias, **case.arguments)
        g[np.abs(before) < 1e-4] = 0  # the kink of ReLU has no derivative
        dy = ops.relu_backward(g, y)
        gradients = {
            "x": ops.conv2d_backward_data(dy, w, x.shape, **case.arguments),
            "w": ops.conv2d_backward_weights(x, dy, w.shape, **case.arguments)[0],
            "bias": ops.conv2d_backward_weights(x, dy, w.shape, **case.arguments)[1],
        }
        arguments = {"x": x, "w": w, "bias": bias}
        rng = np.random.default_rng(6)
        for name, gradient in gradients.items():
            assert gradient.dtype == np.float64
            for place in rng.choice(gradient.size, min(gradient.size, 12), replace=False):
                values = []
                for sign in (1, -1):
                    moved = {key: a.copy() for key, a in arguments.items()}
                    moved[name].flat[place] += sign * step
                    outputs = ops.conv2d(**moved, activation="relu", **case.arguments)
                    values.append(float((outputs * g).sum()))
                quotient = (values[0] - values[1]) / (2 * step)
                assert float(gradient.flat[place]) == pytest.approx(quotient, rel=1e-6, abs=1e-7), (name, place)


class TestSameBits:
    """The result is a function of the numbers alone, not of how they lie, come or are worked on."""

    @pytest.mark.parametrize("case", [*EDGES[:14], *THREADED_CONVS], ids=str)
    def test_batch_split(self, case: Conv) -> None:
        x, w, bias, dy = conv_inputs(case, 7, whole=False)
        y = ops.conv2d(x, w, bias, **case.arguments)
        dx = ops.conv2d_backward_data(dy, w, x.shape, **case.arguments)
        for n in range(case.n):
            one = slice(n, n + 1)
            same_bits(ops.conv2d(x[one], w, bias, **case.arguments), y[one])
            same_bits(ops.conv2d_backward_data(dy[one], w, x[one].shape, **case.arguments), dx[one])

    @pytest.mark.parametrize("case", [*EDGES[:14], THREADED_CONVS[1]], ids=str)
    def test_layouts(self, case: Conv) -> None:
        inputs = conv_inputs(case, 8, whole=False)
        expected = {name: digest([a]) for name, a in conv_outputs(case, *inputs).items()}
        for form in layouts(inputs[0]):
            shaped = [layouts(a)[form] for a in inputs]
            results = conv_outputs(case, *shaped)
            assert {name: digest([a]) for name, a in results.items()} == expected, form
            assert {type(a) for a in results.values()} == {np.ndarray}, form

    @pytest.mark.parametrize("case", [*EDGES, *THREADED_CONVS[:4]], ids=str)
    def test_padding_is_numpy_pad(self, case: Conv) -> None:
        x, w, bias, dy = conv_inputs(case, 9, whole=False)
        padded = sliding.pad(x, case.pads, case.border)
        options = {"stride": case.stride, "dilation": case.dilation, "groups": case.groups}
        same_bits(ops.conv2d(padded, w, bias, **options), ops.conv2d(x, w, bias, **case.arguments))
        if case.border != "zeros":
            return  # the gradient of what the border repeats comes back to the image
        outer = ops.conv2d_backward_data(dy, w, padded.shape, **options)
        inner = outer[:, case.pads[0][0] :][:, : case.h, case.pads[1][0] :][:, :, : case.w]
        same_bits(inner, ops.conv2d_backward_data(dy, w, x.shape, **case.arguments))

    @pytest.mark.parametrize("case", [c for c in (*EDGES, *THREADED_CONVS) if c.stride != (1, 1)], ids=str)
    def test_a_stride_is_a_choice_of_stride_one(self, case: Conv) -> None:
        x, w, bias, _ = conv_inputs(case, 10, whole=False)
        dense = ops.conv2d(x, w, bias, **{**case.arguments, "padding": case.pads, "stride": 1})
        same_bits(ops.conv2d(x, w, bias, **case.arguments), dense[:, :: case.stride[0], :: case.stride[1]])

    def test_the_split_of_the_output_channels(self) -> None:
        case = THREADED_CONVS[1]
        x, w, bias, _ = conv_inputs(case, 11, whole=False)
        whole = ops.conv2d(x, w, bias)
        for start, stop in ((0, 1), (1, 18), (18, 64), (63, 64)):
            same_bits(ops.conv2d(x, w[..., start:stop], bias[start:stop]), whole[..., start:stop])

    def test_again_and_again(self) -> None:
        case = Conv("permuted", 2, 3, 8, 8, 5, (1, 5), padding=((0, 0), (4, 4)))
        _, w, bias, dy = conv_inputs(case, 12, whole=False)
        x = normals(13, (case.ic, case.h, case.n, case.w))[0].transpose(2, 1, 3, 0)
        expected = {name: digest([a]) for name, a in conv_outputs(case, np.ascontiguousarray(x), w, bias, dy).items()}
        for _ in range(20):
            assert {name: digest([a]) for name, a in conv_outputs(case, x, w, bias, dy).items()} == expected

    @pytest.mark.parametrize("case", THREADED_CONVS, ids=str)
    def test_threads(self, case: Conv) -> None:
        inputs = conv_inputs(case, 14, whole=False)
        digests = set()
        for count in (1, 2, 3, 4, 5, 7, 8, 16, 33):
            with runtime.threads(count):
                digests.add(digest(conv_outputs(case, *inputs).values()))
        assert len(digests) == 1

    def test_arguments_are_left_alone(self) -> None:
        inputs = conv_inputs(EDGES[3], 15, whole=False)
        copies = [a.copy() for a in inputs]
        results = conv_outputs(EDGES[3], *inputs)
        for a, copy in zip(inputs, copies, strict=True):
            same_bits(a, copy)
        assert not any(np.may_share_memory(a, result) for a in inputs for result in results.values())


class TestIdentities:
    def test_an_impulse_returns_the_flipped_kernel(self) -> None:
        (w,) = normals(16, (3, 5, 2, 4))
        for channel in range(2):
            x = np.zeros((1, 9, 11, 2), np.float32)
            x[0, 4, 5, channel] = 1
            y = ops.conv2d(x, w)
            np.testing.assert_array_equal(y[0, 2:5, 1:6], w[::-1, ::-1, channel])
            assert np.count_nonzero(y) == np.count_nonzero(w[:, :, channel])

    def test_a_unit_kernel_returns_the_image(self) -> None:
        (x,) = normals(17, (2, 6, 7, 5))
        w = np.zeros((3, 3, 5, 5), np.float32)
        w[1, 1] = np.eye(5)
        np.testing.assert_array_equal(ops.conv2d(x, w, padding="same"), x)

    def test_a_pointwise_kernel_is_dense(self) -> None:
        x, w, bias = normals(18, (2, 5, 4, 33), (1, 1, 33, 21), (21,))
        y = ops.conv2d(x, w, bias).reshape(40, 21)
        np.testing.assert_allclose(y, ops.dense(x.reshape(40, 33), w[0, 0], bias), rtol=0, atol=gamma(34) * 150)

    @pytest.mark.parametrize("case", EDGES, ids=str)
    def test_linearity(self, case: Conv) -> None:
        a, b = integers(19, case.input_shape, case.input_shape, limit=3)
        u, v = integers(20, case.kernel_shape, case.kernel_shape, limit=3)

        def conv(x: Array, w: Array) -> Array:
            return np.asarray(ops.conv2d(x, w, **case.arguments))

        np.testing.assert_array_equal(conv(2 * a - b, u), 2 * conv(a, u) - conv(b, u))
        np.testing.assert_array_equal(conv(a, u + 3 * v), conv(a, u) + 3 * conv(a, v))

    @pytest.mark.parametrize("case", [case for case in GROUPED_CONVS[:17] if case.n], ids=str)
    def test_groups_are_convolutions_side_by_side(self, case: Conv) -> None:
        """Bit for bit, whichever kernel takes them; the bias and the ReLU with them."""
        x, w, bias, dy = conv_inputs(case, 28, whole=False)
        options = {**case.arguments, "groups": 1, "padding": case.pads}
        each = [np.split(a, case.groups, axis=-1) for a in (x, w, bias, dy)]
        parts = [ops.conv2d(a, b, c, activation="relu", **options) for a, b, c in zip(*each[:3], strict=True)]
        same_bits(ops.conv2d(x, w, bias, activation="relu", **case.arguments), np.concatenate(parts, axis=-1))
        triples = zip(each[0], each[1], each[3], strict=True)
        parts = [ops.conv2d_backward_data(g, b, a.shape, **options) for a, b, g in triples]
        same_bits(ops.conv2d_backward_data(dy, w, x.shape, **case.arguments), np.concatenate(parts, axis=-1))
        shape = each[1][0].shape
        parts = [ops.conv2d_backward_weights(a, g, shape, **options)[0] for a, g in zip(each[0], each[3], strict=True)]
        same_bits(ops.conv2d_backward_weights(x, dy, w.shape, **case.arguments)[0], np.concatenate(parts, axis=-1))

    def test_no_bias_is_a_bias_of_zeros(self) -> None:
        case = EDGES[3]
        x, w, _, _ = conv_inputs(case, 21, whole=False)
        same_bits(ops.conv2d(x, w, **case.arguments), ops.conv2d(x, w, np.zeros(case.oc, np.float32), **case.arguments))

    def test_activation_words(self) -> None:
        x, w, bias, _ = conv_inputs(EDGES[3], 22, whole=False)
        plain = ops.conv2d(x, w, bias)
        same_bits(ops.conv2d(x, w, bias, activation="linear"), plain)
        same_bits(ops.conv2d(x, w, bias, activation="relu"), ops.relu(plain))


class TestSpecialValues:
    @pytest.mark.parametrize("channels", [1, 2, 3, 5, 8, 16, 17, 20, 33])
    def test_nan_spreads_to_its_windows_and_no_further(self, channels: int) -> None:
        w, bias = normals(23, (3, 2, channels, 19), (19,))
        for place in np.ndindex(6, 5):
            (x,) = normals(24, (1, 6, 5, channels))
            x[0, place[0], place[1], place[1] % channels] = np.nan
            truth = sliding.conv2d(x, w, bias, stride=(1, 1), pads=((1, 1), (0, 1)))
            y = ops.conv2d(x, w, bias, padding=((1, 1), (0, 1)))
            np.testing.assert_array_equal(np.isnan(y), np.isnan(truth))

    def test_infinities_keep_their_sign(self) -> None:
        x = np.ones((1, 1, 4, 1), np.float32)
        x[0, 0, 1], x[0, 0, 3] = np.inf, -np.inf
        y = ops.conv2d(x, np.ones((1, 2, 1, 17), np.float32))
        np.testing.assert_array_equal(y[0, 0], np.repeat([[np.inf], [np.inf], [-np.inf]], 17, axis=1))
        assert np.isnan(ops.conv2d(x, np.zeros((1, 1, 1, 3), np.float32))[0, 0, [1, 3]]).all()

    @pytest.mark.parametrize("channels", range(1, 21))
    def test_padding_is_a_zero_that_meets_the_weight(self, channels: int) -> None:
        """-inf in the corner of the kernel meets the padding, and 0 * inf is NaN: in every path, for any channels."""
        for outputs in (1, 4, 16, 20):
            (x,) = normals(25, (1, 4, 5, channels))
            w = np.ones((3, 3, channels, outputs), np.float32)
            w[0, 0, channels - 1] = -np.inf
            truth = sliding.conv2d(np.abs(x), w, stride=(1, 1), pads=((1, 1), (1, 1)))
            np.testing.assert_array_equal(np.isnan(ops.conv2d(np.abs(x), w, padding=1)), np.isnan(truth))

    def test_negative_zero(self) -> None:
        x, w = np.full((1, 3, 4, 3), -0.0, np.float32), np.ones((2, 2, 3, 18), np.float32)
        assert not np.signbit(ops.conv2d(x, w)).any()
        assert np.signbit(ops.conv2d(x, w, np.full(18, -0.0, np.float32))).all()
        relu = ops.conv2d(x, w, np.full(18, -0.0, np.float32), activation="relu")
        assert not np.signbit(relu).any()

    def test_relu_keeps_nan(self) -> None:
        x = np.full((1, 3, 3, 2), np.nan, np.float32)
        assert np.isnan(ops.conv2d(x, np.ones((2, 2, 2, 19), np.float32), activation="relu")).all()

    def test_gradients_keep_nan(self) -> None:
        case = Conv("nan", 2, 5, 6, 3, 17, (3, 2), padding=1)
        x, w, _, dy = conv_inputs(case, 26, whole=False)
        dy[1, 2, 3, 4] = np.nan
        dx = ops.conv2d_backward_data(dy, w, x.shape, **case.arguments)
        truth = sliding.conv2d_backward_data(dy, w, x.shape, **case.oracle_arguments)
        np.testing.assert_array_equal(np.isnan(dx), np.isnan(truth))
        dw, db = ops.conv2d_backward_weights(x, dy, w.shape, **case.arguments)
        truth_dw, _ = sliding.conv2d_backward_weights(x, dy, case.kernel, **case.oracle_arguments)
        np.testing.assert_array_equal(np.isnan(dw), np.isnan(truth_dw))
        np.testing.assert_array_equal(np.isnan(db), np.arange(17) == 4)

    @pytest.mark.parametrize("case", [case for case in GROUPED_CONVS[:17] if case.n], ids=str)
    def test_nan_stays_in_its_group(self, case: Conv) -> None:
        """Lanes of a vector belong to several groups: what is no number in one must not reach the others."""
        x, w, bias, dy = conv_inputs(case, 29, whole=False)
        x[..., 0], dy[..., -1] = np.nan, np.inf
        y = ops.conv2d(x, w, bias, **case.arguments)
        assert np.isnan(y).any(axis=(0, 1, 2)).sum() == case.oc // case.groups
        dx = ops.conv2d_backward_data(dy, w, x.shape, **case.arguments)
        assert np.isfinite(dx).all(axis=(0, 1, 2)).sum() == case.ic - case.ic // case.groups
        dw, _ = ops.conv2d_backward_weights(x, np.nan_to_num(dy, posinf=0), w.shape, **case.arguments)
        assert np.isfinite(dw).all(axis=(0, 1, 2)).sum() == case.oc - case.oc // case.groups


class TestNarrowTypes:
    """Computed in float32, returned as JAX's promotion has it."""

    @pytest.mark.parametrize("name", ["float16", "bfloat16"])
    def test_floats_of_16_bits(self, name: str) -> None:
        if name == "bfloat16":
            pytest.importorskip("ml_dtypes", reason="bfloat16 comes with ml_dtypes")
        case = EDGES[3]
        narrow = [a.astype(name) for a in conv_inputs(case, 35, whole=False)]
        wide = [a.astype(np.float32) for a in narrow]
        for (key, result), truth in zip(
            conv_outputs(case, *narrow).items(), conv_outputs(case, *wide).values(), strict=True
        ):
            assert result.dtype.name == name, key
            np.testing.assert_array_equal(result.astype(np.float32), truth.astype(name).astype(np.float32))
        x, w, bias, _ = narrow
        assert ops.conv2d(x, w.astype(np.float32), bias).dtype == np.float32
        assert ops.conv2d(x.astype(np.float64), w, bias).dtype == np.float64
        assert ops.conv2d(np.ones(x.shape, np.int8), w, bias).dtype.name == name

    def test_what_is_beyond_float16_is_infinite(self) -> None:
        x = np.full((1, 2, 2, 1), 30000, np.float16)
        with np.errstate(all="raise"):
            assert np.isposinf(ops.conv2d(x, np.ones((2, 2, 1, 3), np.float16))).all()

    @pytest.mark.parametrize("dtype", [np.uint8, np.int8])
    def test_integers_of_8_bits_do_not_wrap(self, dtype: type) -> None:
        x, w = np.full((1, 3, 3, 2), 100, dtype), np.full((3, 3, 2, 4), 50, dtype)
        y = ops.conv2d(x, w)
        assert y.dtype == np.float32
        np.testing.assert_array_equal(y, np.full((1, 1, 1, 4), 90_000, np.float32))


class TestEmpty:
    def test_an_empty_batch(self) -> None:
        x, w, bias = np.zeros((0, 28, 28, 1), np.float32), *normals(27, (3, 3, 1, 4), (4,))
        y = ops.conv2d(x, w, bias)
        assert (y.shape, y.dtype) == ((0, 26, 26, 4), np.float32)
        assert ops.conv2d_backward_data(y, w, x.shape).shape == x.shape
        dw, db = ops.conv2d_backward_weights(x, y, w.shape)
        np.testing.assert_array_equal(dw, np.zeros(w.shape, np.float32))
        np.testing.assert_array_equal(db, np.zeros(4, np.float32))
