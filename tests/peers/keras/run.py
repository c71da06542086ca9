"""Run Keras's own tests over convcore, count them, and write the counts into the README.

Two ways: Keras's layers and functions with the convolution and pooling of its NumPy backend replaced by `convcore.ops`
(plugin.py), and the same tests over convcore's own classes (own.py). The tests are those of the wheel of Keras that is
installed. `make peers-keras` makes the environment and runs this.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

__all__ = ["Outcome", "Tree", "main", "markdown", "with_table"]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
KERAS = "3.15.1"
BEGIN, END = "<!-- keras tests: begin -->", "<!-- keras tests: end -->"
#: How own.py opens the reason of a test that needs what convcore does not have.
LEFT_OUT = "Left out: "


class Tree(NamedTuple):
    """Some of Keras's tests, and the plugin that puts convcore under them."""

    title: str
    plugin: str
    paths: tuple[str, ...]
    select: str = ""


@dataclass
class Outcome:
    """What became of the tests of a tree; `skipped` are Keras's own skips, `left_out` what convcore does not have."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


POOLING = ("max_pooling", "average_pooling", "global_max_pooling", "global_average_pooling")
POOLING_TESTS = tuple(f"layers/pooling/{name}_test.py" for name in POOLING)
BACKEND, OWN = "tests.peers.keras.plugin", "tests.peers.keras.own"
#: Families of tests of what convcore does not have, which are not collected.
QUANTIZED = "not (quant or lora or int4 or int8 or gptq or awq or legacy_load)"


def tests(folder: str, *names: str) -> tuple[str, ...]:
    """The paths of the tests of modules."""
    return tuple(f"{folder}/{name}_test.py" for name in names)


TREES = (
    Tree("Keras's convolutional layers over `convcore.ops`", BACKEND, ("layers/convolutional",)),
    Tree("Keras's pooling layers over `convcore.ops`", BACKEND, POOLING_TESTS),
    Tree("`keras.ops`, convolution and pooling, over `convcore.ops`", BACKEND, ("ops/nn_test.py",), "conv or pool"),
    Tree("convcore's convolutional layers", OWN, ("layers/convolutional",), QUANTIZED),
    Tree("convcore's pooling layers", OWN, POOLING_TESTS),
    Tree("convcore's merging layers", OWN, ("layers/merging",)),
    Tree(
        "convcore's Dense, Input, Identity and Lambda",
        OWN,
        tests("layers/core", "dense", "input_layer", "identity", "lambda_layer"),
        QUANTIZED,
    ),
    Tree(
        "convcore's normalization layers",
        OWN,
        tests(
            "layers/normalization",
            "batch_normalization",
            "group_normalization",
            "layer_normalization",
            "rms_normalization",
            "unit_normalization",
        ),
    ),
    Tree("convcore's activations", OWN, ("activations/activations_test.py", "layers/activations")),
    Tree(
        "convcore's Dropout and noise",
        OWN,
        tests(
            "layers/regularization",
            *("activity_regularization", "alpha_dropout", "dropout", "gaussian_dropout", "gaussian_noise"),
            "spatial_dropout",
        ),
    ),
    Tree("convcore's reshaping layers", OWN, ("layers/reshaping",)),
    Tree(
        "convcore's preprocessing layers",
        OWN,
        (
            *tests("layers/preprocessing", "normalization", "rescaling"),
            *tests(
                "layers/preprocessing/image_preprocessing",
                *("center_crop", "random_brightness", "random_contrast", "random_crop", "random_flip"),
                *("random_rotation", "random_translation", "random_zoom", "resizing"),
            ),
        ),
    ),
    Tree("convcore's losses", OWN, tests("losses", "loss", "losses")),
    Tree(
        "convcore's metrics",
        OWN,
        tests(
            "metrics",
            *("accuracy_metrics", "confusion_metrics", "f_score_metrics", "hinge_metrics", "iou_metrics", "metric"),
            *("probabilistic_metrics", "reduction_metrics", "regression_metrics"),
        ),
    ),
    Tree(
        "convcore's optimizers and schedules",
        OWN,
        (
            *tests("optimizers", "adadelta", "adagrad", "adam", "adamax", "adamw", "ftrl", "lion", "nadam"),
            *tests("optimizers", "optimizer", "rmsprop", "sgd"),
            "optimizers/schedules/learning_rate_schedule_test.py",
        ),
    ),
    Tree(
        "convcore's callbacks",
        OWN,
        tests(
            "callbacks",
            *("backup_and_restore", "callback", "csv_logger", "early_stopping", "lambda_callback"),
            *("learning_rate_scheduler", "model_checkpoint", "monitor_callback", "reduce_lr_on_plateau"),
            *("swap_ema_weights", "terminate_on_nan"),
        ),
    ),
    Tree("convcore's utilities of arrays", OWN, tests("utils", "numerical_utils")),
    Tree("convcore's initializers", OWN, ("initializers",)),
    Tree("convcore's regularizers and constraints", OWN, ("regularizers", "constraints")),
    Tree("convcore's models", OWN, tests("models", "sequential", "functional", "cloning", "model")),
)


def run_tree(tree: Tree, source: Path, extra: list[str]) -> Outcome:
    """Run the tests of `tree` in a process of their own; `source` is the folder keras/src, `extra` goes to pytest."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-c", str(HERE / "pytest.ini"), "-p", tree.plugin]
        command += ["-p", "no:cacheprovider", "--tb=short", f"--junitxml={report}", *extra]
        command += ["-k", tree.select] if tree.select else []
        environment = os.environ | {"PYTHONPATH": str(ROOT), "KERAS_HOME": folder, "KERAS_BACKEND": "numpy"}
        code = subprocess.run(
            [*command, *(str(source / path) for path in tree.paths)], env=environment, cwd=ROOT
        ).returncode
        if code not in {0, 1} or not report.exists():
            raise SystemExit(f"{tree.title}: pytest ended with {code} before it had run the tests")
        return outcome(ElementTree.parse(report).getroot())


def outcome(report: ElementTree.Element) -> Outcome:
    """The counts of a report in JUnit's form."""
    found = Outcome()
    for case in report.iter("testcase"):
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            found.failed.append(f"{case.get('classname')}.{case.get('name')}")
        elif skip is None:
            found.passed += 1
        elif (reason := skip.get("message", "")).startswith(LEFT_OUT):
            found.left_out[reason.removeprefix(LEFT_OUT)] += 1
        else:
            found.skipped[reason] += 1
    return found


def markdown(outcomes: list[tuple[Tree, Outcome]]) -> str:
    """The README's table."""
    lines = ["| Keras's own tests | passed | failed | left out | skipped by Keras |", "| --- | --- | --- | --- | --- |"]
    for tree, found in outcomes:
        counts = found.passed, len(found.failed), found.left_out.total(), found.skipped.total()
        lines.append(f"| {tree.title} | {' | '.join(map(str, counts))} |")
    return "\n".join(lines) + "\n"


def with_table(text: str, table: str) -> str:
    """`text` with `table` between its two markers; SystemExit if they are not there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"README.md has no lines {BEGIN} and {END}: put them where the table belongs")
    return f"{before}{begin}\n\n{table}\n{end}{after}"


def say(tree: Tree, found: Outcome) -> None:
    """The counts of a tree, with what failed and what was left out and why."""
    print(f"{tree.title}: {found.passed} passed, {len(found.failed)} failed, {found.left_out.total()} left out, "
          f"{found.skipped.total()} skipped by Keras")  # fmt: skip
    for name in found.failed:
        print(f"  failed: {name}")
    for word, reasons in (("left out", found.left_out), ("skipped by Keras", found.skipped)):
        for reason, count in reasons.most_common():
            print(f"  {word}: {count} x {reason}")
    sys.stdout.flush()


def main() -> int:
    """Run all trees, or those that are asked for; 1 if a test failed or a tree passed none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="TEXT", default="", help="run the trees with this text in their title")
    parser.add_argument("--check", action="store_true", help="write nothing; fail unless README.md has these counts")
    arguments, extra = parser.parse_known_args()
    if importlib.metadata.version("keras") != KERAS:
        parser.error(f"the tests are those of Keras {KERAS}; {importlib.metadata.version('keras')} is installed")
    spec = importlib.util.find_spec("keras")
    source = Path(spec.submodule_search_locations[0]) / "src"  # type: ignore[union-attr,index]
    outcomes = []
    for tree in (tree for tree in TREES if arguments.only in tree.title):
        print(f"== {tree.title}", flush=True)
        outcomes.append((tree, run_tree(tree, source, extra)))
    for tree, found in outcomes:
        say(tree, found)
    table = markdown(outcomes)
    print(f"\n{table}")
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    if arguments.check and with_table(text, table) != text:
        print("README.md has other counts: write these with make peers-keras")
        return 1
    if not arguments.check and not arguments.only:
        readme.write_text(with_table(text, table), encoding="utf-8")
    passed, failed = sum(found.passed for _, found in outcomes), sum(len(found.failed) for _, found in outcomes)
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0 or any(found.passed == 0 for _, found in outcomes))


if __name__ == "__main__":
    sys.exit(main())
