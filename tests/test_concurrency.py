"""Dask, distributed, fork, joblib and plain threads, the real ones: right answers, no deadlock, no oversubscription.

What needs a process of its own runs as a script under a watchdog, so that a deadlock is a failure and not a silence.
"""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import ferrumba
from ferrumba import healpix
from ferrumba.dispatch import threads as threads_module

TASKS = Path("/proc/self/task")
WATCHDOG = 60

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
needs_proc = pytest.mark.skipif(not TASKS.exists(), reason="this system does not list threads in /proc")

RNG = np.random.default_rng(0)
LON, LAT = RNG.uniform(-180, 180, 400_000), RNG.uniform(-90, 90, 400_000)


@pytest.fixture(scope="module")
def expected():
    with ferrumba.threads(1):
        return healpix.lonlat_to_nested(LON, LAT, 18)


@pytest.fixture(autouse=True)
def _no_thread_variables(monkeypatch):
    for name in ("FERRUMBA_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Return a cache folder that holds the kernel, so that the processes below need not compile it."""
    folder = tmp_path_factory.mktemp("compiled")
    script("from ferrumba import healpix; healpix.lonlat_to_nested([0.0], [0.0], 3)", folder)
    return folder


@pytest.fixture
def _children_use_the_cache(compiled, monkeypatch):
    monkeypatch.setenv("FERRUMBA_NUMBA_CACHE", str(compiled))


PREAMBLE = """
    import os, sys, threading
    import numpy as np
    import ferrumba
    from ferrumba import healpix

    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(-180, 180, 400_000), rng.uniform(-90, 90, 400_000)
"""


def script(code, folder, *, preamble=""):
    """Run Python code in a process of its own that must end well within the watchdog's time; return what it printed."""
    environment = {**os.environ, "FERRUMBA_NUMBA_CACHE": str(folder)}
    command = [sys.executable, "-W", "error", "-W", "ignore:This process:DeprecationWarning", "-c"]
    text = textwrap.dedent(preamble) + textwrap.dedent(code)
    run = subprocess.Popen(
        [*command, text],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        printed, complaints = run.communicate(timeout=WATCHDOG)
    except subprocess.TimeoutExpired:
        if hasattr(os, "killpg"):
            os.killpg(run.pid, signal.SIGKILL)  # its forked children too
        run.kill()
        run.communicate()
        pytest.fail(f"no end within {WATCHDOG} seconds: a deadlock, or a very slow machine")
    assert run.returncode == 0, complaints[-2000:]
    return printed


def encode_and_report(lon, lat):
    """Return ids, and what the worker that computed them thinks of threads."""
    return healpix.lonlat_to_nested(lon, lat, 18), ferrumba.thread_count(), os.getpid()


# Pickling


@pytest.mark.parametrize("name", healpix.__all__)
def test_public_functions_are_pickled_by_reference(name):
    function = getattr(healpix, name)
    packed = pickle.dumps(function)
    assert len(packed) < 100
    assert pickle.loads(packed) is function
    cloudpickle = pytest.importorskip("cloudpickle")
    assert len(cloudpickle.dumps(function)) < 100


# Dask


def test_dask_threads(expected):
    da = pytest.importorskip("dask.array")
    lon, lat = da.from_array(LON, chunks=10_000), da.from_array(LAT, chunks=10_000)
    result = healpix.lonlat_to_nested(lon, lat, 18).compute(scheduler="threads", num_workers=8)
    np.testing.assert_array_equal(result, expected)


def test_a_call_on_a_dask_thread_is_serial():
    da = pytest.importorskip("dask.array")

    def count(block):
        return np.full_like(block, ferrumba.thread_count()[0])

    counts = da.zeros(16, chunks=1, dtype=int).map_blocks(count, dtype=int).compute(scheduler="threads", num_workers=8)
    assert counts.tolist() == [1] * 16


@pytest.fixture
def cluster(request):
    distributed = pytest.importorskip("distributed")
    import dask

    # No dashboard and no port of its own: tests beside this one may have a cluster too.
    with (
        dask.config.set({"distributed.worker.memory.terminate": False, "distributed.comm.timeouts.connect": "60s"}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=4, processes=request.param, dashboard_address=":0", memory_limit=0
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.usefixtures("_children_use_the_cache")
@pytest.mark.parametrize("cluster", [True, False], ids=["processes", "threads"], indirect=True)
def test_distributed(cluster, expected):
    import dask.array as da
    import dask.dataframe as dd
    import pandas as pd

    parts = np.array_split(np.arange(len(LON)), 16)
    answers = cluster.gather(cluster.map(encode_and_report, [LON[p] for p in parts], [LAT[p] for p in parts]))
    np.testing.assert_array_equal(np.concatenate([ids for ids, _, _ in answers]), expected)
    assert {threads for _, threads, _ in answers} == {(1, "off the main thread")}
    processes = {process for _, _, process in answers}
    assert (os.getpid() in processes) == (len(processes) == 1)

    lazy = healpix.lonlat_to_nested(da.from_array(LON, chunks=50_000), da.from_array(LAT, chunks=50_000), 18)
    np.testing.assert_array_equal(cluster.compute(lazy).result(), expected)

    frame = dd.from_pandas(pd.DataFrame({"lon": LON[:1000], "lat": LAT[:1000]}), npartitions=4)
    series = cluster.compute(healpix.lonlat_to_nested(frame.lon, frame.lat, 18)).result()
    np.testing.assert_array_equal(series, expected[:1000])


# The cache of compiled references


@pytest.mark.slow
def test_eight_processes_meet_an_empty_cache(tmp_path):
    """All import and call at once; each must answer, whoever writes, and the next process must find the cache sound."""
    folder = tmp_path / "none yet"
    start = tmp_path / "start"
    code = f"""
        import os, time
        from ferrumba import healpix
        while not os.path.exists({str(start)!r}):
            time.sleep(0.005)
        print(healpix.nested_to_uniq([0, 11, 4786], [0, 0, 5], backend='numba').tolist())
    """
    environment = {**os.environ, "FERRUMBA_NUMBA_CACHE": str(folder)}
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code)]
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    try:
        time.sleep(1)
        start.touch()
        results = [process.communicate(timeout=WATCHDOG) for process in running]
    finally:
        for process in running:
            process.kill()
    assert results == [("[4, 15, 8882]\n", "")] * 8
    assert list(folder.glob("*.nbc"))
    again = """
        from ferrumba import healpix
        print(healpix.nested_to_uniq([0, 11, 4786], [0, 0, 5], backend='numba').tolist())
        from ferrumba.healpix.numba.nested_to_uniq import nested_to_uniq
        print(sum(nested_to_uniq.stats.cache_hits.values()), sum(nested_to_uniq.stats.cache_misses.values()))
    """
    assert script(again, folder) == "[4, 15, 8882]\n1 0\n"


# Fork


@needs_fork
def test_fork_after_use(compiled):
    """The parent's pool does not exist in the child; the child makes its own and does not wait for the other."""
    code = """
        with ferrumba.threads(2):
            mine = healpix.lonlat_to_nested(lon, lat, 18)
            assert any(thread.name.startswith("ferrumba") for thread in threading.enumerate())
            child = os.fork()
            if child == 0:
                theirs = healpix.lonlat_to_nested(lon, lat, 18)
                anew = any(thread.name.startswith("ferrumba") for thread in threading.enumerate())
                os._exit(0 if anew and (theirs == mine).all() else 1)
            assert os.waitpid(child, 0)[1] == 0
            assert (healpix.lonlat_to_nested(lon, lat, 18) == mine).all()
    """
    script(code, compiled, preamble=PREAMBLE)


@needs_fork
def test_fork_while_other_threads_call(compiled):
    code = """
        mine = healpix.lonlat_to_nested(lon, lat, 18)
        done = threading.Event()

        def call():
            while not done.is_set():
                with ferrumba.threads(3):
                    healpix.lonlat_to_nested(lon, lat, 18)

        callers = [threading.Thread(target=call) for _ in range(3)]
        for caller in callers:
            caller.start()
        for _ in range(5):
            child = os.fork()
            if child == 0:
                with ferrumba.threads(2):
                    os._exit(0 if (healpix.lonlat_to_nested(lon, lat, 18) == mine).all() else 1)
            assert os.waitpid(child, 0)[1] == 0
        done.set()
        for caller in callers:
            caller.join()
    """
    script(code, compiled, preamble=PREAMBLE)


@needs_fork
def test_a_pool_of_forked_processes_after_use(compiled):
    code = """
        import multiprocessing

        def work(_):
            return (healpix.lonlat_to_nested(lon, lat, 18) == mine).all(), ferrumba.thread_count()

        with ferrumba.threads(2):
            mine = healpix.lonlat_to_nested(lon, lat, 18)
        with multiprocessing.get_context("fork").Pool(2) as processes:
            for same, count in processes.map(work, range(4)):
                assert same
                assert count == (1, "a daemon process"), count
    """
    script(code, compiled, preamble=PREAMBLE)


# joblib


@pytest.mark.usefixtures("_children_use_the_cache")
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib(backend, expected):
    joblib = pytest.importorskip("joblib")
    parts = np.array_split(np.arange(len(LON)), 4)
    with joblib.parallel_config(backend, n_jobs=2):
        answers = joblib.Parallel()(joblib.delayed(encode_and_report)(LON[p], LAT[p]) for p in parts)
    np.testing.assert_array_equal(np.concatenate([ids for ids, _, _ in answers]), expected)
    allowed = max(1, (os.cpu_count() or 1) // 2)
    assert max(count for _, (count, _), _ in answers) <= allowed
    if backend == "loky":
        assert os.getpid() not in {process for _, _, process in answers}
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True)  # its workers would outlive the test for minutes


# Threads


def test_eight_threads_make_the_first_call_at_once(compiled):
    """Discovery, compilation and the pool are all made by whoever comes first, once."""
    code = """
        mine, barrier = [None] * 8, threading.Barrier(8)

        def call(number):
            barrier.wait()
            with ferrumba.threads(2):
                mine[number] = healpix.lonlat_to_nested(lon, lat, 18)

        callers = [threading.Thread(target=call, args=(number,)) for number in range(8)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert all((ids == mine[0]).all() for ids in mine)
        print(sum(thread.name.startswith("ferrumba") for thread in threading.enumerate()))
    """
    assert script(code, compiled, preamble=PREAMBLE) == "1\n"


@needs_proc
def test_eight_threads_share_one_pool(expected):
    before = len(os.listdir(TASKS))
    most = []

    def call(number):
        with ferrumba.threads(1 + number % 3):
            ids = healpix.lonlat_to_nested(LON, LAT, 18)
        most.append(len(os.listdir(TASKS)))
        return ids

    with ThreadPoolExecutor(8) as callers:
        for ids in callers.map(call, range(40)):
            np.testing.assert_array_equal(ids, expected)
    # Eight callers; a pool of two, and perhaps the pool of one that was dropped for it and is about to end.
    assert max(most) <= before + 8 + 2 + 1


def test_changing_the_number_of_threads_leaves_none_behind(expected):
    def pool_threads():
        return sum(thread.name.startswith("ferrumba") for thread in threading.enumerate())

    for count in [2, 6, 3, 5, 4, 6] * 5:
        with ferrumba.threads(count):
            np.testing.assert_array_equal(healpix.lonlat_to_nested(LON, LAT, 18), expected)
    deadline = time.monotonic() + 10  # for the threads of smaller pools, which end by themselves
    largest = threads_module._pool_size  # an earlier test may have asked for more than the 5 of this one
    while pool_threads() > largest and time.monotonic() < deadline:
        time.sleep(0.01)
    assert 0 < pool_threads() <= largest


@needs_proc
def test_small_calls_start_no_thread(compiled):
    code = """
        healpix.lonlat_to_nested(lon[:3], lat[:3], 18)
        before = len(os.listdir("/proc/self/task"))
        with ferrumba.threads(8):
            healpix.lonlat_to_nested(lon[:65_536], lat[:65_536], 18)
        print(len(os.listdir("/proc/self/task")) - before)
    """
    assert script(code, compiled, preamble=PREAMBLE) == "0\n"


def test_contexts_hold_in_their_own_thread():
    seen = {}

    def look():
        seen["rules"] = ferrumba.explain("healpix.is_morton").reason
        seen["threads"] = ferrumba.thread_count()

    with ferrumba.use_backend("numba"), ferrumba.threads(7):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert ferrumba.thread_count()[0] == 7
    assert "use_backend" not in seen["rules"]
    assert seen["threads"] == (1, "off the main thread")


def test_one_thread_in_daemon_processes():
    with multiprocessing.get_context("spawn").Pool(1) as processes:
        assert processes.apply(ferrumba.thread_count) == (1, "a daemon process")


def test_threadpoolctl_limits_cap_every_request(expected):
    threadpoolctl = pytest.importorskip("threadpoolctl")
    with ferrumba.threads(4):
        assert ferrumba.thread_count() == (4, "ferrumba.threads(4)")
        with threadpoolctl.threadpool_limits(1), ferrumba.trace() as calls:
            assert ferrumba.thread_count() == (1, "threadpoolctl, below ferrumba.threads(4)")
            np.testing.assert_array_equal(healpix.lonlat_to_nested(LON, LAT, 18), expected)
        assert calls[0].threads == 1
        assert ferrumba.thread_count() == (4, "ferrumba.threads(4)")
        with threadpoolctl.threadpool_limits(1, user_api="blas"):
            assert ferrumba.thread_count()[0] == 4
        with threadpoolctl.threadpool_limits(1, user_api="ferrumba"):
            assert ferrumba.thread_count()[0] == 1


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_bits_do_not_depend_on_the_number_of_threads(threads, expected):
    with ferrumba.threads(threads), ferrumba.trace() as calls:
        np.testing.assert_array_equal(healpix.lonlat_to_nested(LON, LAT, 18), expected)
    assert calls[0].threads == threads


def test_the_first_bad_row_does_not_depend_on_the_number_of_threads():
    lat = LAT.copy()
    lat[[399_999, 70_000, 140_000]] = np.nan
    for threads in (1, 2, 7):
        with ferrumba.threads(threads), pytest.raises(ValueError, match="at index 70000: lat is nan"):
            healpix.lonlat_to_nested(LON, lat, 18)
