"""Builds the native module: kernels once per ISA and dtype, the rest once at the baseline.

Switches, by environment: CONVCORE_ISAS (a comma-separated list such as ``baseline,avx2``; default: all that the
compiler can build), CONVCORE_OPENMP=0 (serial), CONVCORE_DEBUG=1 (-O0 -g), CONVCORE_SANITIZE=1 (address and undefined
behaviour), CONVCORE_COVERAGE=1.
"""

from __future__ import annotations

import os
import platform
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

IS_X86 = platform.machine().lower() in {"x86_64", "amd64"}

# -ffp-contract=off: where operations are fused is written in the source, never chosen by the compiler.
# -fno-trapping-math, -fno-math-errno: let comparisons and sqrt become vectors; results stay the same.
# -fno-asynchronous-unwind-tables: no exception passes through C, and they take room.
COMMON = [
    "-std=c11",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fvisibility=hidden",
    "-fno-asynchronous-unwind-tables",
]
WARNINGS = ["-Wall", "-Wextra"]
ISA_FLAGS: dict[str, list[str]] = {"baseline": []}
if IS_X86:
    ISA_FLAGS["avx2"] = ["-mavx2", "-mfma"]
    ISA_FLAGS["avx512"] = ["-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq", "-mfma", "-mprefer-vector-width=512"]
# float64, and what CPUs of before 2013 take, are built to be small: a quarter less, and as fast within a few percent.
SMALL = ["-O2", "-ftree-vectorize", "-funswitch-loops"]
DTYPE_MACROS: dict[str, list[tuple[str, str | None]]] = {"f32": [], "f64": [("CONVCORE_F64", None)]}

KERNEL_FILES = sorted(str(path) for path in Path("src/kernels").glob("*.[ch]"))
DRIVER_FILES = sorted(str(path) for folder in ("drivers", "isa") for path in Path("src", folder).iterdir())


def switch(name: str, default: str) -> bool:
    return os.environ.get(name, default) not in {"0", ""}


def wanted_isas() -> list[str]:
    text = os.environ.get("CONVCORE_ISAS", "")
    names = [name.strip() for name in text.split(",") if name.strip()] or list(ISA_FLAGS)
    unknown = [name for name in names if name not in ISA_FLAGS]
    if unknown:
        sys.exit(f"convcore: CONVCORE_ISAS names {', '.join(unknown)}; this machine has {', '.join(ISA_FLAGS)}.")
    return ["baseline", *(name for name in names if name != "baseline")]


class BuildKernels(build_ext):
    """Compiles the kernel tables and hands them, with OpenMP if there is any, to the one extension."""

    def build_extension(self, ext: Extension) -> None:
        flags = [*COMMON, *WARNINGS]
        flags += ["-O0", "-g"] if switch("CONVCORE_DEBUG", "0") else ["-O3", "-g0"]
        # Names of functions that nobody links to take 30 KB of the wheel; those of a debugger stay.
        links = ["-Wl,-s"] if sys.platform == "linux" and "-g0" in flags else []
        if switch("CONVCORE_SANITIZE", "0"):
            flags += ["-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
            links = ["-fsanitize=address,undefined"]
        if switch("CONVCORE_COVERAGE", "0"):
            flags += ["--coverage"]
            links += ["--coverage"]
        self.require_compiler(flags)
        openmp = self.openmp_flags() if switch("CONVCORE_OPENMP", "1") else ([], [])
        for isa in wanted_isas():
            try:
                objects = self.compile_tables(isa, flags)
            except Exception:
                if isa == "baseline":
                    raise
                print(f"convcore: this compiler cannot build the {isa} kernels; it works without.", file=sys.stderr)
                continue
            ext.extra_objects += objects
            ext.define_macros.append((f"CONVCORE_HAS_{isa.upper()}", None))
        # Cython's own code is not ours to warn about.
        quiet = ["-Wno-unused-parameter", "-Wno-sign-compare", "-Wno-unused-function"]
        ext.extra_compile_args = [*flags, *openmp[0], *quiet]
        ext.extra_link_args = [*links, *openmp[1]]
        super().build_extension(ext)

    def compile_tables(self, isa: str, flags: list[str]) -> list[str]:
        def compile_table(dtype: str) -> list[str]:
            is_small = dtype == "f64" or (isa == "baseline" and IS_X86)
            level = SMALL if is_small and "-O3" in flags else []
            macros = [*DTYPE_MACROS[dtype], ("CONVCORE_TABLE", f"convcore_{isa}_{dtype}")]
            folder = os.path.join(self.build_temp, isa, dtype)
            return self.compiler.compile(
                ["src/kernels/table.c"],
                output_dir=folder,
                macros=macros,
                extra_postargs=[*flags, *level, *ISA_FLAGS[isa]],
                depends=KERNEL_FILES,
            )

        with ThreadPoolExecutor(len(DTYPE_MACROS)) as pool:
            return [name for names in pool.map(compile_table, DTYPE_MACROS) for name in names]

    def try_compile(self, name: str, text: str, flags: list[str], links: list[str] | None = None) -> bool:
        folder = Path(self.build_temp, "probe")
        folder.mkdir(parents=True, exist_ok=True)
        source = folder / f"{name}.c"
        source.write_text(text)
        try:
            objects = self.compiler.compile([str(source)], output_dir=str(folder), extra_postargs=flags)
            if links is not None:
                self.compiler.link_executable(objects, str(folder / name), extra_postargs=links)
        except Exception:
            return False
        return True

    def require_compiler(self, flags: list[str]) -> None:
        program = "#include <Python.h>\nint main(void) { return 0; }\n"
        if not self.try_compile("compiler", program, [*flags, *self.include_flags()]):
            sys.exit(
                "convcore: cannot compile C for Python. Install a C compiler and Python's headers, for example "
                "`apt install gcc python3-dev` or `xcode-select --install`."
            )

    def include_flags(self) -> list[str]:
        return [f"-I{path}" for path in self.compiler.include_dirs]

    def openmp_flags(self) -> tuple[list[str], list[str]]:
        """Compile and link flags of the first OpenMP that works, or of none, with one line that says so."""
        program = "#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n"
        candidates = [(["-fopenmp"], ["-fopenmp"])]
        if sys.platform == "darwin":
            prefix = os.environ.get("CONVCORE_LIBOMP", "/opt/homebrew/opt/libomp")
            candidates.append((["-Xpreprocessor", "-fopenmp", f"-I{prefix}/include"], [f"-L{prefix}/lib", "-lomp"]))
        for compile_flags, link_flags in candidates:
            if self.try_compile("openmp", program, compile_flags, link_flags):
                return compile_flags, link_flags
        print("convcore: no OpenMP found, so the build is serial (install libgomp or libomp).", file=sys.stderr)
        return [], []


native = Extension(
    "convcore._native",
    sources=["src/native.pyx", "src/isa/isa.c"],
    include_dirs=["src"],
    depends=[*KERNEL_FILES, *DRIVER_FILES, "src/kernels_c.pxd"],
)

setup(
    ext_modules=cythonize([native], include_path=["src"], build_dir="build/cython"),
    cmdclass={"build_ext": BuildKernels},
)
