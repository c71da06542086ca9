"""Results of the layers' ops that are neither convolution, pool nor dense, as hashes: equal hashes are equal bits."""

from __future__ import annotations

import numpy as np

from convcore import layers, ops
from convcore.plans.activations import ELEMENTWISE
from tests.checks import digest, normals


def layer_digests() -> dict[str, str]:
    """The hash of the results of each op."""
    digests = {}
    x, dy = normals(71, (37, 1700), (37, 1700))
    x *= 4
    for name in ELEMENTWISE:
        settings = {"threshold": 0.5, "default_value": -1.0} if name == "threshold" else {}
        for dtype in (np.float32, np.float64):
            wide, slope = x.astype(dtype), dy.astype(dtype)
            results = [
                ops.activation(wide, name, **settings),
                ops.activation_backward(slope, wide, name, **settings),
            ]
            digests[f"{name} {dtype.__name__}"] = digest(results)
    for axis in (0, 1):
        y = ops.log_softmax(x, axis)
        digests[f"log_softmax {axis}"] = digest([y, ops.log_softmax_backward(dy, y, axis), ops.softmax(x, axis)])
    images = x[:, :1690].reshape(37, 13, 26, 5)
    for layer in (
        layers.Dropout(0.3, seed=1),
        layers.Dropout(0.3, noise_shape=(None, 1, None, 1), seed=2),
        layers.SpatialDropout2D(0.3, seed=3),
        layers.AlphaDropout(0.3, seed=4),
        layers.GaussianNoise(0.3, seed=5),
        layers.GaussianDropout(0.3, seed=6),
    ):
        y = layer(images, training=True)
        assert np.isfinite(y).all()
        digests[f"{type(layer).__name__} {layer.seed}"] = digest([y])
    for channels in (1, 3, 17):
        images = x.reshape(37, 10, 10, 17)[..., :channels]
        for kind in ("nearest", "bilinear"):
            y = ops.upsample2d(images, (2, 3), interpolation=kind)
            dx = ops.upsample2d_backward(y, images.shape, (2, 3), interpolation=kind)
            digests[f"upsample {kind} {channels}"] = digest([y, dx, ops.zero_pad2d(y, 2), ops.crop2d(y, (1, 2))])
    return digests
