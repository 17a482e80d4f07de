"""What an import may load and cost: in processor time, which other processes do not inflate."""

import importlib.util
import os
import subprocess
import sys

import pytest

HEAVY = (
    "numba",
    "llvmlite",
    "scipy",
    "pandas",
    "dask",
    "distributed",
    "pyarrow",
    "matplotlib",
    "sklearn",
    "typer",
    "rich",
    "ferrumba_rust",
)


def run(code, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded_after(code, **environment):
    return set(
        run(f"{code}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}})", **environment).split()
    )


@pytest.mark.parametrize(
    "code",
    [
        "import ferrumba",
        "from ferrumba import healpix",
        "from ferrumba import timeseries",
        "from ferrumba.timeseries import FeatureBuilder",
        "from ferrumba.compat import acm_rs",
        "from ferrumba.compat import mortie",
    ],
)
def test_import_loads_numpy_only(code):
    assert loaded_after(code).isdisjoint(HEAVY)


def test_a_call_loads_the_functions_of_its_own_family_only():
    """Declarations and their cases are loaded for all of them."""
    code = "from ferrumba import healpix; healpix.is_morton(1, backend='numba')"
    code += "\nimport sys; print(sorted(name for name in sys.modules if name.startswith('ferrumba.timeseries.')))"
    declared = ("cases", "column_cases", "column_kernels", "declarations")
    assert run(code).strip() == str([f"ferrumba.timeseries.{module}" for module in declared])


def test_import_starts_no_thread_and_opens_no_file():
    code = "import ferrumba.healpix, threading, os; print(threading.active_count(), len(os.listdir('/proc/self/fd')))"
    bare = "import numpy, threading, os; print(threading.active_count(), len(os.listdir('/proc/self/fd')))"
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc to count open files")
    assert run(code) == run(bare)


NUMPY = 0.080
"""Seconds to import NumPy where the bounds were set; a machine that is slower today gets more in proportion."""


def assert_costs_at_most(seconds, code, **environment):
    """Hold the least of several runs of code, which prints NumPy's import and its own, to a bound of processor time."""
    runs = [[float(part) for part in run(code, **environment).split()] for _ in range(5)]
    slower = max(1.0, min(numpy for numpy, _ in runs) / NUMPY)
    assert min(own for _, own in runs) < seconds * slower


def test_import_costs_at_most_60_ms_over_numpy():
    code = "import time; t = time.process_time(); import numpy; u = time.process_time(); import {}; "
    code += "print(u - t, time.process_time() - u)"
    assert_costs_at_most(0.060, code.format("ferrumba.healpix"))


@pytest.mark.skipif(importlib.util.find_spec("ferrumba_rust") is None, reason="the Rust wheel is not installed here")
class TestServedByRust:
    CODE = """
import time
start = time.process_time()
import numpy
between = time.process_time()
from ferrumba import healpix
called = time.process_time()
healpix.lonlat_to_nested(166.67, -77.85, 18, backend="rust")
print(between - start, time.process_time() - called)
"""

    def test_numba_is_never_imported(self):
        environment = {"FERRUMBA_FORCE_NUMBA": "0", "MORTIE_FORCE_NUMBA": "0"}
        assert {"numba", "llvmlite"}.isdisjoint(loaded_after(self.CODE, **environment))

    def test_first_call_takes_at_most_30_ms(self):
        environment = {"FERRUMBA_FORCE_NUMBA": "0", "MORTIE_FORCE_NUMBA": "0"}
        assert_costs_at_most(0.030, self.CODE, **environment)
