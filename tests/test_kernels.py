"""The kernels by themselves, without Python: tests/native/driver.c against naive loops, exact on whole numbers.

Built with the address and the undefined-behaviour sanitizer for every ISA of this machine, and as it is shipped for
NEON, under an emulator. Flags are those of setup.py.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from convcore import runtime

ROOT = Path(__file__).resolve().parent.parent
SANITIZE = ["-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
CASES, SEED = "40", "1"
DTYPES = ["f32", "f64"]
USABLE: list[str] = runtime.show_config(as_dict=True)["isa"]["usable"]
CROSS_COMPILER = shutil.which("aarch64-linux-gnu-gcc")
EMULATOR = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")
Driver = Callable[..., str]


def build_flags() -> dict[str, Any]:
    """What setup.py assigns to names in capitals, where that is a literal; ``ISA_FLAGS["avx2"] = ...`` included."""
    found: dict[str, Any] = {}
    for node in ast.walk(ast.parse((ROOT / "setup.py").read_text(encoding="utf-8"))):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and target.id.isupper() and isinstance(value, ast.List | ast.Dict):
            found[target.id] = ast.literal_eval(value)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and value is not None:
            found[target.value.id][ast.literal_eval(target.slice)] = ast.literal_eval(value)
    return found


FLAGS = build_flags()


def build(folder: Path, compiler: str, dtype: str, flags: list[str]) -> subprocess.CompletedProcess[str]:
    """The driver and the table of one ISA and dtype as one program, folder/driver."""
    macros = [f"-D{name}" for name, _ in FLAGS["DTYPE_MACROS"][dtype]]
    options = [*FLAGS["COMMON"], *FLAGS["WARNINGS"], "-D_GNU_SOURCE", "-DCONVCORE_TABLE=table", *macros, *flags]
    sources = [ROOT / "src" / "kernels" / "table.c", ROOT / "tests" / "native" / "driver.c"]
    command = [compiler, *options, f"-I{ROOT / 'src' / 'kernels'}", *map(str, sources), "-lm", "-o"]
    return subprocess.run([*command, str(folder / "driver")], capture_output=True, text=True)


def native_compiler() -> str | None:
    """A compiler whose sanitizers work here."""
    compiler = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc")
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        source, probe = Path(folder, "probe.c"), Path(folder, "probe")
        source.write_text("int main(void) { return 0; }\n")
        built = subprocess.run([compiler, str(source), *SANITIZE, "-o", str(probe)], capture_output=True)
        return compiler if built.returncode == 0 and subprocess.run([probe]).returncode == 0 else None


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """Runs the driver of one table; all of them are built side by side, two at a time."""
    native, cross = native_compiler(), CROSS_COMPILER if EMULATOR else None
    plans = {(isa, dtype): (native, ["-O0", *FLAGS["ISA_FLAGS"][isa], *SANITIZE]) for isa in USABLE for dtype in DTYPES}
    plans |= {("neon", dtype): (cross, ["-O3", "-static"]) for dtype in DTYPES}
    with ThreadPoolExecutor(2) as pool:
        builds = {}
        for (isa, dtype), (compiler, flags) in plans.items():
            if compiler:
                folder = tmp_path_factory.mktemp(f"{isa}-{dtype}")
                builds[isa, dtype] = folder, pool.submit(build, folder, compiler, dtype, flags)

        def run(isa: str, dtype: str, *emulator: str) -> str:
            folder, building = builds[isa, dtype]
            built = building.result()
            assert built.returncode == 0, built.stderr
            assert not built.stderr, built.stderr
            command = [*emulator, str(folder / "driver"), CASES, SEED]
            done = subprocess.run(command, capture_output=True, text=True, timeout=600)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        yield run
        pool.shutdown(cancel_futures=True)


def test_the_flags_of_setup_are_found() -> None:
    assert "-ffp-contract=off" in FLAGS["COMMON"]
    assert set(FLAGS["ISA_FLAGS"]) == {"baseline", "avx2", "avx512"}
    assert "-mavx2" in FLAGS["ISA_FLAGS"]["avx2"]
    assert FLAGS["DTYPE_MACROS"] == {"f32": [], "f64": [("CONVCORE_F64", None)]}


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("table", ["baseline", "avx2", "avx512"])
def test_kernels_under_the_sanitizers(table: str, dtype: str, driver: Driver) -> None:
    """No byte beside the buffers is touched, nothing undefined happens, and the numbers are right."""
    if table not in USABLE:
        pytest.skip(f"{table} does not run on this machine")
    if native_compiler() is None:
        pytest.skip("there is no C compiler with the address and undefined-behaviour sanitizers")
    assert "elements compared" in driver(table, dtype)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
def test_neon_kernels_under_an_emulator(dtype: str, driver: Driver) -> None:
    """NEON has its own vectors, tiles and masks; a machine without it can still prove them."""
    if not (CROSS_COMPILER and EMULATOR):
        pytest.skip("needs aarch64-linux-gnu-gcc and qemu-aarch64 (gcc-aarch64-linux-gnu and qemu-user on Debian)")
    assert f"{4 if dtype == 'f32' else 2} lanes" in driver("neon", dtype, EMULATOR)
