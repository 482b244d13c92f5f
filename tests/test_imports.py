"""Imports point down only, nothing private of scikit-learn is used, and the package stays light.

The sources are read as they are installed.
"""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sklearn_losses

PACKAGE = Path(sklearn_losses.__file__).parent
SOURCES = sorted(path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".pyx", ".pxd"})
NAMES = [str(path.relative_to(PACKAGE)) for path in SOURCES]

# Each room may import those named here, and itself. A new room must be entered.
MAY_IMPORT = {
    "_chunks": set(),
    "_sampling": set(),
    "_sparse": set(),
    "_table": set(),
    "formula": set(),
    "links": {"formula"},
    "losses": {"_chunks", "_sparse", "formula", "links"},
    "metrics": {"_sampling", "_table", "formula", "links", "losses"},
    "linear_model": {"_sampling", "_sparse", "formula", "inference", "links", "losses"},
    "displays": {"_sampling", "losses", "metrics"},
    "inference": {"_sampling", "_table", "displays", "losses"},
    "boosting": {"_sparse", "formula", "links", "losses", "linear_model"},
    "dask": {"_chunks", "_sparse", "formula", "links", "losses", "linear_model"},
    "testing": {"formula", "links", "losses", "metrics"},
    "__init__": {"displays", "formula", "inference", "linear_model", "links", "losses", "metrics", "testing"},
}
RUN_TIME = {"numpy", "scipy", "sklearn"}
# Imported inside of functions only, when what needs them is used (test_import_is_silent_and_light sees to that).
OPTIONAL = {
    "_chunks": {"dask"},
    "displays": {"matplotlib"},
    "_table": {"pandas"},
    "linear_model": {"array_api_compat"},
    "losses": {"array_api_compat"},
    "testing": {"pytest"},
}


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path):
    """Yield (module, names) of every import of a file, absolute and as written in Python."""
    package = ["sklearn_losses", *path.relative_to(PACKAGE).parts[:-1]]
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((alias.name, []) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                start = package[: len(package) - node.level + 1] if node.level else []
                module = ".".join([*start, *([node.module] if node.module else [])])
                yield module, [alias.name for alias in node.names]
        return
    for line in path.read_text().splitlines():  # Cython is no Python
        if found := re.match(r"\s*from\s+(\.*)([\w.]*)\s+c?import\s+(.*)", line):
            dots, module, names = found.groups()
            start = package[: len(package) - len(dots) + 1] if dots else []
            yield ".".join([*start, *([module] if module else [])]), re.findall(r"\w+", names)
        elif found := re.match(r"\s*c?import\s+([\w.]+)", line):
            yield found[1], []


def rooms_imported(path):
    for module, names in imports_of(path):
        parts = module.split(".")
        if parts[0] != "sklearn_losses":
            continue
        yield from parts[1:2] or names


def test_every_room_has_its_place():
    rooms = {room_of(path) for path in SOURCES}
    assert rooms <= set(MAY_IMPORT), "say in MAY_IMPORT what the new room may import"
    assert {"formula", "links", "losses", "metrics", "linear_model"} <= rooms


def test_the_reader_of_imports_reads():
    """This test reads what it should: a few imports that certainly exist."""
    found = {(room_of(path), room) for path in SOURCES for room in rooms_imported(path)}
    assert {("losses", "formula"), ("losses", "links"), ("links", "formula"), ("metrics", "losses")} <= found
    assert ("linear_model", "losses") in found
    assert any(path.suffix == ".pyx" and list(imports_of(path)) for path in SOURCES)


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_imports_point_down(path):
    room = room_of(path)
    upward = {other for other in rooms_imported(path) if other not in MAY_IMPORT[room] | {room}}
    assert not upward, f"{path.name} imports {sorted(upward)}"


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_run_time_imports(path):
    for module, names in imports_of(path):
        top, *rest = module.split(".")
        if top == "sklearn_losses" or top in sys.stdlib_module_names or top in {"cython", "libc", "libcpp"}:
            continue
        assert top in RUN_TIME | OPTIONAL.get(room_of(path), set()), f"{path.name} imports {module}"
        if top == "sklearn":  # public modules and names only
            assert not any(part.startswith("_") for part in [*rest, *names]), (
                f"{path.name} imports {module}, {names}"
            )


COMPILED = [path for path in SOURCES if path.suffix in {".pyx", ".pxd"}]


@pytest.mark.parametrize("path", COMPILED, ids=lambda path: path.name)
def test_compiled_files_import_only_compiled_ones(path):
    for module, names in imports_of(path):
        if module.split(".")[0] != "sklearn_losses":
            continue
        file = PACKAGE.joinpath(*module.split(".")[1:])
        files = [file] if not file.is_dir() else [file / name for name in names]
        assert all(f.with_suffix(".pyx").exists() or f.with_suffix(".pxd").exists() for f in files), module


# ---- at run time ---------------------------------------------------------------------------------


def run(code, tmp_path):
    """Run code in a new interpreter, away from the checkout, where any warning is an error."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_import_is_silent_and_light(tmp_path):
    code = """if True:
        import sys
        import sklearn.linear_model, sklearn.metrics, sklearn.model_selection
        before = {name.split(".")[0] for name in sys.modules}
        import sklearn_losses, sklearn_losses.boosting, sklearn_losses.dask
        after = {name.split(".")[0] for name in sys.modules}
        print(*sorted(n for n in after - before if n not in sys.stdlib_module_names))
        sklearn_losses.LogLoss()([0, 1], [0.2, 0.7])
        extras = ["matplotlib", "array_api_compat", "array_api_strict", "torch", "pandas", "pytest", "mpmath"]
        extras += ["xgboost", "lightgbm", "dask", "distributed"]
        print(*(name for name in extras if name in sys.modules and name not in before))
    """
    lines = run(code, tmp_path).split("\n")
    assert [name for name in lines[0].split() if not name.startswith("_")] == ["sklearn_losses"]
    assert lines[1] == ""


# ---- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "sklearn_losses",
        *(
            f"sklearn_losses.{r}"
            for r in ("formula", "losses", "metrics", "inference", "linear_model", "boosting", "dask")
        ),
    ],
)
def test_all_is_what_can_be_imported(name):
    module = importlib.import_module(name)
    assert len(set(module.__all__)) == len(module.__all__)
    for public in module.__all__:
        assert hasattr(module, public), public
    submodules = {
        "boosting",
        "dask",
        "displays",
        "formula",
        "inference",
        "links",
        "linear_model",
        "losses",
        "metrics",
        "testing",
        "solvers",
    }
    public = {n for n in vars(module) if not n.startswith("_") and n not in submodules}
    leaked = public - set(module.__all__)
    assert leaked <= {"TYPE_CHECKING"}, leaked


def test_every_loss_is_public():
    for cls in sklearn_losses.LOSSES.values():
        assert getattr(sklearn_losses, cls.__name__) is cls
        assert getattr(sklearn_losses.losses, cls.__name__) is cls
