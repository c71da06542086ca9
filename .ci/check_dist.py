"""Check the sdist and the wheel of a folder: they hold what they should, nothing else, and the wheel is small."""

from __future__ import annotations

import re
import sys
import tarfile
import zipfile
from pathlib import Path

WHEEL_LIMIT = 2_000_000  # bytes
IN_WHEEL = ("convcore/__init__.py", "convcore/py.typed", "convcore/_native.pyi", "dist-info/licenses/LICENSE")
IN_SDIST = ("setup.py", "pyproject.toml", "LICENSE", "README.md", "src/native.pyx", "src/kernels/kernel.h")
FOREIGN_IN_WHEEL = re.compile(r"\.(c|h|o|pyx|pxd|pxi)$|^(src|tests|bench|build)/|__pycache__")
FOREIGN_IN_SDIST = re.compile(r"\.(o|so|pyd)$|__pycache__|\.venv")


def faults(folder: Path) -> list[str]:
    """What is wrong with the one sdist and the one wheel in `folder`, a line each."""
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = archive.namelist()
    with tarfile.open(sdist) as archive:
        sources = archive.getnames()
    found = [f"the wheel lacks {name}" for name in IN_WHEEL if not any(path.endswith(name) for path in inside)]
    found += [f"the sdist lacks {name}" for name in IN_SDIST if not any(path.endswith("/" + name) for path in sources)]
    found += [f"the wheel contains {entry}" for entry in inside if FOREIGN_IN_WHEEL.search(entry)]
    found += [f"the sdist contains {entry}" for entry in sources if FOREIGN_IN_SDIST.search(entry)]
    engines = [entry for entry in inside if re.fullmatch(r"convcore/_native\..*\.(so|pyd)", entry)]
    found += [] if len(engines) == 1 else [f"the wheel has {len(engines)} native modules instead of one"]
    size = wheel.stat().st_size
    found += [] if size < WHEEL_LIMIT else [f"the wheel has {size:,} bytes; the limit is {WHEEL_LIMIT:,}"]
    print(f"{sdist.name}: {len(sources)} files; {wheel.name}: {len(inside)} files, {size:,} bytes")
    return found


if __name__ == "__main__":
    sys.exit("\n".join(faults(Path(sys.argv[1]))) or 0)
