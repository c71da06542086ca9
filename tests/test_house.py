"""The rules that hold the walls up. Each test states one rule and, in a line, the reason for it."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "convcore"
MODULES = sorted(PACKAGE.rglob("*.py"))
ENGINE = sorted(path for path in (ROOT / "src").rglob("*") if path.suffix in {".c", ".h", ".pyx", ".pxd", ".pxi"})
C_FILES = [path for path in ENGINE if path.suffix in {".c", ".h"}]
CYTHON_FILES = [path for path in ENGINE if path.suffix in {".pyx", ".pxd", ".pxi"}]

# The rooms from the ground up: a room imports from its own line and from lines above it in this list.
STRATA = (
    {"errors"},
    {"variables", "checks", "keras_names", "memory", "naming"},
    {"geometries", "shapes", "arrays", "random", "engine"},
    {"runtime"},
    {"plans"},
    {"ops", "program"},
    {"activations", "constraints", "initializers", "regularizers"},
    {"layers", "datasets"},
    {"losses", "metrics", "optimizers", "callbacks", "training"},
    {"backend", "models", "saving", "summary", "utils"},
    {"recipes", "stand_ins"},
    {"cli"},
    {"__main__"},
)
RANK = {room: rank for rank, rooms in enumerate(STRATA) for room in rooms}
ENGINE_ROOMS = {"ops", "runtime", "plans", "program"}


def name_of(path: Path) -> str:
    """The dotted name of a module of the package."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    """The second part of a dotted name; the front door, `convcore` itself, is the empty room."""
    return module.partition(".")[2].partition(".")[0]


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a module imports, wherever in it: `from a import b` counts as a.b."""
    module = name_of(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def code(path: Path) -> str:
    """The text of a C or Cython file without comments and docstrings."""
    text = path.read_text(encoding="utf-8")
    if path in CYTHON_FILES:
        return re.sub(r'"""[\s\S]*?"""|#.*', "", text)
    return re.sub(r"/\*[\s\S]*?\*/|//.*", "", text)


def structs(text: str, pattern: str) -> dict[str, list[str]]:
    """The structs of a C header or of its Cython mirror: the names of their members, in order."""
    found = {}
    for name, body in re.findall(pattern, text):
        declarations = [part.split(",") for part in re.split(r"[;\n]", body) if part.strip()]
        found[name] = [re.split(r"[\s*]+", member.strip())[-1] for parts in declarations for member in parts]
    return found


def tracked_files() -> list[Path]:
    """The files of the project: those that git knows, or in an unpacked sdist all."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        return [path for path in ROOT.rglob("*") if path.is_file() and not {".venv", "build"} & set(path.parts)]
    known = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in known.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_room_imports_from_above(path: Path) -> None:
    """A lower stratum that knows an upper one can be neither read, nor tested, nor replaced alone."""
    room = room_of(name_of(path))
    if not room:
        return  # the front door shows every room
    assert room in RANK, f"{room} has no stratum: give it one in STRATA, and say why in the commit"
    for target in imports(path):
        if target.split(".")[0] != "convcore" or target in {"convcore.__version__", "convcore._native"}:
            continue
        above = RANK.get(room_of(target), RANK["models"])  # what is no room is a name of the front door
        assert above <= RANK[room], f"{room} stands below {target}, and imports it"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_engine_rooms_import_the_native_module(path: Path) -> None:
    """One door to C: who calls it has validated before, in one place."""
    targets, room = list(imports(path)), room_of(name_of(path))
    if any(target.startswith("convcore._native") for target in targets):
        assert room == "engine"
    if any(target.startswith("convcore.engine") for target in targets):
        assert room in ENGINE_ROOMS


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_runs_code_from_data(path: Path) -> None:
    """A model file or a data set that can run code is a way into the reader's machine."""
    roots = {target.split(".")[0] for target in imports(path)}
    assert not roots & {"cPickle", "dill", "joblib", "marshal", "pickle", "shelve", "yaml"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"eval", "exec", "compile"}, f"line {node.lineno}"
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant), f"line {node.value.lineno}"
            assert node.value.value is False, f"line {node.value.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_has_its_test_file(path: Path) -> None:
    """tests/ mirrors convcore/, so the test of a line is found without a search."""
    inside = path.relative_to(PACKAGE)
    if inside.name.startswith("__"):
        return  # the doors of packages are tested by what they open
    folder = ROOT / "tests" / inside.parent
    assert [*folder.glob(f"test_{inside.stem}*.py"), *folder.glob(f"{inside.stem}/test_*.py")]


@pytest.mark.parametrize("path", [p for p in C_FILES if p.parent.name == "kernels"], ids=lambda path: path.name)
def test_kernels_know_neither_python_nor_threads_nor_the_heap(path: Path) -> None:
    """A kernel is a pure function of its buffers: then no thread, no error and no leak can come from it."""
    included = set(re.findall(r"#\s*include\s*[<\"]([^>\"]+)", path.read_text(encoding="utf-8")))
    assert not included & {"Python.h", "errno.h", "omp.h", "pthread.h", "stdio.h", "stdlib.h"}
    assert not re.search(r"\b(malloc|calloc|realloc|free|alloca)\s*\(|#\s*pragma\s+omp\s+parallel", code(path))


def test_the_engine_has_one_parallel_region() -> None:
    """One place decides about threads; a second one would nest, fight for cores, or forget the first one's rules."""
    regions = {path.name: len(re.findall(r"\bparallel\s*\(", code(path))) for path in CYTHON_FILES}
    assert sum(regions.values()) == 1, regions
    assert all("prange" not in code(path) for path in CYTHON_FILES if not regions[path.name])


def test_the_cython_mirror_names_the_fields_of_the_c_header() -> None:
    """Cython trusts its own copy of a struct: a field that moved would be read from the wrong place."""
    blocks = re.split(r'cdef extern from "([^"]+)".*:\n', code(ROOT / "src" / "kernels_c.pxd"))[1:]
    mirrored = 0
    for header, block in zip(blocks[::2], blocks[1::2], strict=True):
        ours = structs(block, r"ctypedef struct (\w+):\n((?:\s{8}.*\n)+)")
        theirs = structs(code(ROOT / "src" / header), r"typedef struct (\w+)\s*\{([^}]*)\}")
        assert ours == theirs, header
        mirrored += len(ours)
    assert mirrored > 0


def test_the_native_module_exports_its_init_function_only() -> None:
    """A leaked symbol may be bound to a function of that name for another ISA: that is a SIGILL at import."""
    nm = shutil.which("nm")
    if nm is None:
        pytest.skip("nm is not installed")
    from convcore import _native

    flags = ["-gU"] if sys.platform == "darwin" else ["-D", "--defined-only"]
    lines = subprocess.run([nm, *flags, _native.__file__], check=True, capture_output=True, text=True).stdout
    symbols = {line.split()[-1].lstrip("_") for line in lines.splitlines()}
    assert symbols - {"init", "fini", "edata", "end", "bss_start"} == {"PyInit__native"}


def test_import_loads_numpy_and_little_else() -> None:
    """`import convcore` has to cost NumPy's import and no more: a command line tool starts with it."""
    script = "import sys, numpy; before = set(sys.modules); import convcore; print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    names = set(loaded.stdout.split())
    foreign = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"convcore"}
    assert not {name for name in foreign if not name.startswith("__editable__")}  # pip's own finder
    assert not names & {
        "argparse",
        "asyncio",
        "gzip",
        "http",
        "json",
        "logging",
        "multiprocessing",
        "urllib",
        "zipfile",
    }
    rooms = {room_of(name) for name in names if name.startswith("convcore.")}
    assert not rooms & {"callbacks", "cli", "datasets", "layers", "models", "program", "saving", "training"}


def test_no_file_mentions_a_path_of_one_machine() -> None:
    """A path of the author's machine works nowhere else, and tells the world about that machine."""
    places = "|".join(["farm", "home", "root", "tmp", "Users", "work"])
    path_of_a_machine = re.compile(rf"(?<![\w./:~-])/({places})/\w|\bfile:///|\b[A-Z]:\\\\?Users")
    for file in tracked_files():
        text = file.read_bytes().decode("utf-8", errors="replace")
        found = [line for line in text.splitlines() if path_of_a_machine.search(line) and file != Path(__file__)]
        assert not found, f"{file.relative_to(ROOT)}: {found[0]}"


def test_files_are_small() -> None:
    """A file is read in one sitting: 300 lines read well, and past 400 there is a second subject in it."""
    sizes = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in [*MODULES, *ENGINE]}
    assert not {str(path): lines for path, lines in sizes.items() if lines > 400}


def test_the_map_of_the_engine_names_every_file() -> None:
    """Who looks for a kernel starts at the map; a file that is not on it is found by chance."""
    named = re.findall(r"\w+\.[ch]\b", (ROOT / "src" / "README.md").read_text(encoding="utf-8"))
    assert not {path.name for path in C_FILES}.difference(named)
