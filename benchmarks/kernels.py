"""One asv class for every kernel, made from its declaration; asv itself switches the backend and the commit."""

import os
import zlib

from ferrumba.dispatch.backends import backends
from ferrumba.dispatch.measure import first_case, one_call
from ferrumba.dispatch.registry import kernels

SEED = 20240229


def benchmark_call(kernel, rows, backend=None):
    """Return a call on the inputs that the declaration names first, the same in every run, which can be repeated."""
    return one_call(kernel, *first_case(kernel, rows, SEED), backend)


class _KernelBenchmark:
    """Time and peak memory of one kernel through the dispatcher, after a first call that compiles it."""

    kernel = None
    param_names = ("rows",)
    processes = 1
    timeout = 120

    def setup(self, rows):
        backend = os.environ.get("FERRUMBA_BACKEND", "numba")
        if backend not in backends() or backends()[backend].refusal(self.kernel):
            raise NotImplementedError  # asv's word for: skip, on commits and backends that have no such kernel
        self.call = benchmark_call(self.kernel, rows)
        self.call()

    def time_kernel(self, rows):
        self.call()

    def peakmem_kernel(self, rows):
        self.call()


def _benchmark(kernel):
    # asv keeps the history of a benchmark while its version stays: as long as neither the results of the kernel nor
    # the inputs it is timed on change. Without it asv would hash this file.
    digest = zlib.crc32(b"".join(values.tobytes() for values in first_case(kernel, 100, SEED)[0]))
    members = {"kernel": kernel, "params": (kernel.sizes,), "version": f"{kernel.revision}:{digest:08x}"}
    return type(kernel.name.replace(".", "_"), (_KernelBenchmark,), {**members, "__module__": __name__})


globals().update({made.__name__: made for made in map(_benchmark, kernels().values())})
