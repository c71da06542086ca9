"""Import statements that find the stand-ins, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from convcore.errors import NotSupportedError
from convcore.stand_ins import finder

ROOT = Path(__file__).resolve().parent.parent.parent


def python(script: str) -> str:
    """What `script` prints after the stand-ins are installed."""
    code = f"from convcore import stand_ins; stand_ins.install(); stand_ins.install()\n{script}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "statement",
    [
        "import keras; found = keras.layers.Conv2D",
        "import keras.layers; found = keras.layers.Conv2D",
        "import keras.layers as layers; found = layers.Conv2D",
        "from keras import layers; found = layers.Conv2D",
        "from keras.layers import Conv2D as found",
        "from keras.layers import *; found = Conv2D",
        "from keras.layers.convolutional import Conv2D as found",
        "import tensorflow as tf; found = tf.keras.layers.Conv2D",
        "import tensorflow.keras as keras; found = keras.layers.Conv2D",
        "from tensorflow import keras; found = keras.layers.Conv2D",
        "from tensorflow.keras import layers; found = layers.Conv2D",
        "from tensorflow.keras.layers import Conv2D as found",
        "from tensorflow.python.keras.layers import Conv2D as found",
        "import tf_keras; found = tf_keras.layers.Conv2D",
        "import importlib; found = importlib.import_module('tensorflow.keras.layers').Conv2D",
    ],
)
def test_every_way_to_a_layer_leads_to_convcores(statement: str) -> None:
    assert python(f"{statement}; print(found.__module__)") == "convcore.layers.conv"


def test_a_module_is_one_object_whatever_its_path() -> None:
    script = (
        "import keras, tensorflow as tf, tensorflow.keras.datasets.mnist as m, tensorflow.compat.v2 as v2\n"
        "import tensorflow.keras.layers as L\n"
        "print(tf.keras.layers is L, tf.keras.datasets.mnist is m, keras.Sequential is v2.keras.models.Sequential)"
    )
    assert python(script) == "True True True"


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("import tensorflow.io", "tensorflow.io"),
        ("from tensorflow import io", "tensorflow.io"),
        ("import tensorflow as tf; tf.io.Dataset", "tensorflow.io"),
        ("import tensorflow as tf; tf.math.bessel_i0", "tensorflow.math.bessel_i0"),
        ("from keras.layers import LSTM", "keras.layers.LSTM"),
        ("import keras.applications", "keras.applications"),
        ("from tensorflow.keras.applications import VGG16", "keras.applications"),
        ("from keras.datasets import imdb", "keras.datasets.imdb"),
        ("from tensorflow.keras.datasets.imdb import load_data", "keras.datasets.imdb"),
    ],
)
def test_what_is_missing_is_refused_by_name(statement: str, name: str) -> None:
    said = python(f"try:\n    {statement}\nexcept NotImplementedError as error:\n    print(error)")
    assert said.startswith(f"convcore does not implement {name} (supported: ")


def test_what_keras_does_not_have_is_an_import_error_as_ever() -> None:
    assert python("try:\n    import keras.nothing\nexcept ModuleNotFoundError as error:\n    print(error.name)") == (
        "keras.nothing"
    )
    assert python("try:\n    from keras import nothing\nexcept ImportError:\n    print('none')") == "none"
    assert python("import keras; print(hasattr(keras, 'nothing'), hasattr(keras, '__file__'))") == "False False"


def test_a_stand_in_lists_its_names() -> None:
    table = finder.StandIn("tensorflow.random", {"set_seed": len, "__version__": "1"}, None)
    assert dir(table) == ["set_seed"]
    assert table.set_seed is len
    assert table.__version__ == "1"
    with pytest.raises(NotSupportedError, match=r"tensorflow.random.gamma \(supported: set_seed\)"):
        _ = table.gamma


def test_other_imports_are_left_alone() -> None:
    assert finder.Finder().find_spec("tensorflow_datasets") is None
    assert finder.Finder().find_spec("keras_tuner") is None
    assert not any(isinstance(found, finder.Finder) for found in sys.meta_path)
