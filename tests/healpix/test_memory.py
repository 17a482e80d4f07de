"""A call needs its inputs, its outputs and at most 64 MiB more, whatever the layout of the inputs."""

import json
import os
import subprocess
import sys

import pytest

from ferrumba.dispatch.backends import backends

ROWS = 6_000_000

# VmHWM can be set back to the present size, so that what compiling took does not count.
CODE = """
import json, sys
import numpy as np
import ferrumba
from ferrumba import healpix

def status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) / 1024

backend, layout, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
rows = int(sys.argv[4])
rng = np.random.default_rng(0)
lon, lat = rng.uniform(-180, 180, rows), rng.uniform(-90, 90, rows)
if layout == "float32":
    lon, lat = lon.astype(np.float32), lat.astype(np.float32)
elif layout == "strided":
    lon, lat = lon[::-1], lat[::-1]
elif layout == "Fortran":
    lon, lat = (np.asfortranarray(part.reshape(1000, -1)) for part in (lon, lat))
few = slice(0, 10)
small = healpix.lonlat_to_morton(lon.reshape(-1)[few], lat.reshape(-1)[few], backend=backend)
healpix.morton_to_lonlat(small, backend=backend)
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
before = status("VmHWM")
with ferrumba.threads(threads):
    ids = healpix.lonlat_to_morton(lon, lat, backend=backend)
    lon_back, lat_back = healpix.morton_to_lonlat(ids, backend=backend)
print(json.dumps(status("VmHWM") - before))
"""


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="needs Linux to set the peak back")
@pytest.mark.parametrize("layout", ["contiguous", "float32", "strided", "Fortran"])
@pytest.mark.parametrize("backend", list(backends()))
def test_peak_is_inputs_outputs_and_64_mib(backend, layout):
    command = [sys.executable, "-c", CODE, backend, layout, "2", str(ROWS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    outputs = 3 * 8 * ROWS / 2**20
    assert outputs * 0.8 < json.loads(done.stdout) < outputs + 64
