"""MNIST: 70,000 handwritten digits of 28x28 pixels.

Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits",
http://yann.lecun.com/exdb/mnist/, CC BY-SA 3.0.
"""

from __future__ import annotations

import os

from convcore.datasets.collection import Arrays, Collection, Resource

__all__ = ["COLLECTION", "load_data"]

COLLECTION = Collection(
    name="mnist",
    title="MNIST",
    folder="mnist",
    mirrors=(
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ),
    resources={
        "train-images-idx3-ubyte": Resource(
            9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
        ),
        "train-labels-idx1-ubyte": Resource(28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        "t10k-images-idx3-ubyte": Resource(1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        "t10k-labels-idx1-ubyte": Resource(4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    },
)


def load_data(path: str | os.PathLike[str] | None = None) -> tuple[Arrays, Arrays]:
    """Load MNIST, as ``keras.datasets.mnist.load_data`` does.

    The first of these that has the data is taken:

    1. `path`: a folder with the four IDX files ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``,
       ``t10k-images-idx3-ubyte``, ``t10k-labels-idx1-ubyte``, each plain or gzip, or a ``mnist.npz`` as Keras
       writes it; then nothing else is tried. The bare name ``"mnist.npz"``, Keras's default, means None
       where there is no such file;
    2. the environment variable CONVCORE_DATA: such a folder, or one that has it as ``mnist``;
    3. the user's cache, ``~/.cache/convcore/mnist`` on Linux;
    4. a download into that cache, checked by SHA-256 (needs ``pip install convcore[data]``).

    Returns:
        ``(x_train, y_train), (x_test, y_test)``: images uint8 (60000, 28, 28) and (10000, 28, 28) with values
        0 to 255, labels uint8 (60000,) and (10000,) with values 0 to 9.

    Raises:
        DatasetUnavailableError: No source has the data; the message names what was tried.
        DataFileError: A file is damaged; the message names path and byte offset.
        ShapeError: The numbers of images and labels differ.
        LabelError: A label is above 9.
        OSError: `path` or one of the files cannot be read.

    Example:
        >>> from convcore.datasets import mnist
        >>> (x_train, y_train), (x_test, y_test) = mnist.load_data()  # doctest: +SKIP
        >>> x_train.shape  # doctest: +SKIP
        (60000, 28, 28)
    """
    return COLLECTION.load(path)
