"""``convcore run``: scripts of tutorials as they are, and everything about a run that is as Python's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.command import convcore as command
from tests.cli.command import one_line, shell
from tests.datasets.files import collection

SCRIPTS = Path(__file__).resolve().parent.parent / "stand_ins" / "scripts"
QUIET = {"PYTHONWARNINGS": "ignore"}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of data sets with few images."""
    folder = tmp_path_factory.mktemp("images")
    collection(folder)
    collection(folder / "fashion_mnist")
    return folder


@pytest.mark.parametrize(
    ("script", "arguments", "lines"),
    [
        ("quickstart", [], ["ndarray (1, 10)", "probabilities 1.0", "(5, 10)"]),
        ("simple_convnet", [], ["x_train shape: (60, 28, 28, 1)", " Total params: 34,826 (136.04 KB)"]),
        ("callback", [], ["Reached the loss so cancelling training!", "epochs 1", "True 0"]),
        (
            "digits_with_arguments",
            ["--epochs", "2", "--out", "kept.safetensors"],
            ["['accuracy', 'loss', 'val_accuracy', 'val_loss']", "confusion (10, 10) 20", "Sequential (3, 3, 1, 4)"],
        ),
        ("old_keras", [], ["x_train shape: (60, 28, 28, 1)"]),
        ("autoencoder", [], ["decoded (20, 28, 28, 1)", "encoded (20, 7, 7, 8)", "learns: True"]),
        (
            "image_classification",
            [],
            ["augmented (4, 28, 28, 1) anew each time: True", "This image most likely belongs to True sure: True"],
        ),
        ("transfer_learning", [], ["trainable 2 frozen 4", "kept: True", "tuned: True"]),
        ("subclassing", [], ["figures ['accuracy', 'loss'] 18 4", "kept: True"]),
    ],
)
def test_tutorials_run_as_they_are(script, arguments, lines, images, tmp_path):
    done = command("run", SCRIPTS / f"{script}.py", *arguments, cwd=tmp_path, CONVCORE_DATA=str(images), **QUIET)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    printed = done.stdout.splitlines()
    assert [line for line in lines if line not in printed] == []
    assert (tmp_path / "kept.safetensors").exists() == (script == "digits_with_arguments")


def run(folder, text, *arguments, **changes):
    (folder / "script.py").write_text(text)
    return command("run", "script.py", *arguments, cwd=folder, **changes)


def test_the_script_is_main_and_has_its_arguments_and_its_folder(tmp_path):
    (tmp_path / "beside.py").write_text("value = 5")
    text = "import sys, beside, __main__\nprint(__name__, sys.argv, beside.value, __file__, __main__.sys is sys)"
    done = run(tmp_path, text, "--threads", "x", "-h")
    path = (tmp_path / "script.py").resolve()
    assert done.stdout == f"__main__ ['script.py', '--threads', 'x', '-h'] 5 {path} True\n"
    assert not list(tmp_path.glob("**/script*.pyc"))


@pytest.mark.parametrize(
    ("text", "code", "errors"),
    [
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('two\\nlines')", 1, "two\nlines\n"),
        ("import sys; sys.exit(-1)", 255, ""),
        ("raise SystemExit(False)", 0, ""),
    ],
)
def test_exit_codes_are_pythons(text, code, errors, tmp_path):
    done = run(tmp_path, text)
    assert (done.returncode, done.stderr) == (code, errors)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("def f():\n    return 1 / 0\nf()", 1),
        ("x = (", 1),
        ("raise KeyboardInterrupt", 130),
        ("raise OSError(2, 'No such file', 'name')", 1),
        ("try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('two') from error", 1),
    ],
)
def test_an_exception_has_the_scripts_own_traceback(text, code, tmp_path):
    done = run(tmp_path, text)
    plain = shell(f"{sys.executable} script.py", cwd=tmp_path)
    assert done.stderr == plain.stderr
    assert done.returncode == code


def test_what_is_missing_is_refused_by_name(tmp_path):
    done = run(tmp_path, "import tensorflow as tf\ntf.io.read_file")
    assert done.returncode == 1
    *_, last = done.stderr.splitlines()
    assert last.startswith("convcore.errors.MissingNameError: convcore does not implement tensorflow.io (supported")
    assert 'script.py", line 2, in <module>' in done.stderr
    assert "importlib" not in done.stderr


def test_a_script_that_is_not_there_is_one_line(tmp_path):
    for arguments in (["nothing.py"], ["."], []):
        done = command("run", *arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert one_line(done.stderr)


def test_threads_stand_before_the_script(tmp_path):
    (tmp_path / "script.py").write_text("import convcore; print(convcore.get_num_threads())")
    assert command("run", "--threads", "3", "script.py", cwd=tmp_path).stdout == "3\n"
