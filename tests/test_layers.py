"""Imports point one way: errors <- dispatch <- families <- objects <- automl <- serving, cli."""

import ast
from pathlib import Path

import ferrumba

PACKAGE = Path(ferrumba.__file__).parent

# What each room may import from; compat, integrations and testing sit outside, and nothing below imports them.
ALLOWED = {
    "": set(),
    "errors": set(),
    "estimators": set(),
    "dispatch": {"", "errors"},
    "healpix": {"errors", "dispatch"},
    "spatial": {"errors", "dispatch"},
    "timeseries": {"errors", "estimators", "dispatch"},
    "compat": {"", "errors", "dispatch", "healpix", "spatial", "timeseries"},
    "integrations": {"", "errors", "dispatch", "spatial", "timeseries"},
    "testing": {"", "errors", "dispatch"},
    "report": {"", "errors", "dispatch", "healpix", "spatial"},
    "cli": {
        "",
        "errors",
        "dispatch",
        "healpix",
        "spatial",
        "timeseries",
        "compat",
        "integrations",
        "testing",
        "report",
    },
    "__main__": {"cli"},
}


def room_of(parts):
    return parts[0] if parts else ""


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} uses a relative import"
            base = node.module or ""
            yield from (f"{base}.{alias.name}" if base == "ferrumba" else base for alias in node.names)


def edges():
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        room = room_of([part for part in parts if part != "__init__"])
        for name in imports(path):
            if name.partition(".")[0] == "ferrumba":
                target = name.split(".")[1:]
                known = target and ((PACKAGE / target[0]).is_dir() or (PACKAGE / f"{target[0]}.py").exists())
                yield path.relative_to(PACKAGE), room, target[0] if known else ""


def test_every_import_points_down():
    found = list(edges())
    assert len(found) > 50
    wrong = [f"{path}: {room} imports {target}" for path, room, target in found if target not in {room, *ALLOWED[room]}]
    assert not wrong, "\n".join(wrong)


def test_references_are_compiled_by_our_jit_only():
    """No file but dispatch/jit.py may take a decorator from Numba."""
    offenders = [
        path.relative_to(PACKAGE)
        for path in PACKAGE.rglob("*.py")
        if any(name.partition(".")[0] == "numba" for name in imports(path))
    ]
    assert {str(path) for path in offenders} <= {"dispatch/jit.py", "dispatch/jit_cache.py", "dispatch/backends.py"}


def test_references_use_no_numpy_ufunc():
    """The bits of a ufunc depend on the processor; references call ``math`` and plain operators."""
    allowed = {
        "nan",
        "inf",
        "pi",
        "int64",
        "int32",
        "uint64",
        "uint32",
        "uint16",
        "uint8",
        "int16",
        "int8",
        "float64",
        "array",
        "empty",
        "ndarray",
        "bool_",
        "zeros",
        "arange",
        "iinfo",
        "dtype",
    }
    for path in PACKAGE.glob("*/numba/*.py"):
        tree = ast.parse(path.read_text())
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.decorator_list]
        for function in functions:
            used = {
                node.attr
                for node in ast.walk(function)
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "np"
            }
            assert used <= allowed, f"{path.name}: {function.name} uses np.{used - allowed}"
