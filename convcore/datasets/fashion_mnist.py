"""Fashion-MNIST: 70,000 pictures of clothes of 28x28 pixels in the format of MNIST.

H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms",
arXiv:1708.07747, https://github.com/zalandoresearch/fashion-mnist, MIT.
"""

from __future__ import annotations

import os

from convcore.datasets.collection import Arrays, Collection, Resource

__all__ = ["COLLECTION", "load_data"]

COLLECTION = Collection(
    name="fashion_mnist",
    title="Fashion-MNIST",
    folder="fashion-mnist",
    mirrors=(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
    resources={
        "train-images-idx3-ubyte": Resource(
            26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
        ),
        "train-labels-idx1-ubyte": Resource(29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        "t10k-images-idx3-ubyte": Resource(4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        "t10k-labels-idx1-ubyte": Resource(5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    },
)


def load_data(path: str | os.PathLike[str] | None = None) -> tuple[Arrays, Arrays]:
    """Load Fashion-MNIST, as ``keras.datasets.fashion_mnist.load_data`` does.

    The sources and errors are those of `convcore.datasets.mnist.load_data`, with ``fashion-mnist`` as the name of
    the folder below CONVCORE_DATA and below the user's cache. The files of both sets have the same names, so they
    are told apart by their labels: MNIST's digits are never returned as Fashion-MNIST. Where CONVCORE_DATA itself
    holds MNIST it is passed over, and a `path` that does is refused.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``: images uint8 (60000, 28, 28) and (10000, 28, 28) with values
        0 to 255, labels uint8 (60000,) and (10000,): 0 T-shirt/top, 1 trouser, 2 pullover, 3 dress, 4 coat,
        5 sandal, 6 shirt, 7 sneaker, 8 bag, 9 ankle boot.

    Example:
        >>> from convcore.datasets import fashion_mnist
        >>> (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()  # doctest: +SKIP
    """
    return COLLECTION.load(path)
