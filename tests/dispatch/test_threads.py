import os
import subprocess
import sys
import textwrap
import threading

import pytest

import ferrumba
from ferrumba.dispatch import threads as module
from ferrumba.errors import InvalidBackendRequest


def test_default_is_what_the_process_may_use():
    assert ferrumba.thread_count() == (module.processors(), "processors that affinity and cgroup quota allow")
    if hasattr(os, "sched_getaffinity"):
        assert module.processors() <= len(os.sched_getaffinity(0))


def test_precedence(monkeypatch):
    monkeypatch.setattr(module, "processors", lambda: 16)
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert ferrumba.thread_count() == (5, "OMP_NUM_THREADS=5")
    monkeypatch.setenv("NUMBA_NUM_THREADS", "4")
    assert ferrumba.thread_count() == (4, "NUMBA_NUM_THREADS=4")
    monkeypatch.setenv("FERRUMBA_NUM_THREADS", "3")
    assert ferrumba.thread_count() == (3, "FERRUMBA_NUM_THREADS=3")
    with ferrumba.threads(2):
        assert ferrumba.thread_count() == (2, "ferrumba.threads(2)")
    assert ferrumba.thread_count()[0] == 3


def test_foreign_limits_never_exceed_the_processors(monkeypatch):
    monkeypatch.setattr(module, "processors", lambda: 2)
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    assert ferrumba.thread_count()[0] == 2


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "2", None])
def test_wrong_numbers(n):
    with pytest.raises(InvalidBackendRequest, match="give a whole number of threads"), ferrumba.threads(n):
        pass


def test_one_thread_off_the_main_thread():
    seen = []

    def ask():
        seen.append(ferrumba.thread_count())
        with ferrumba.threads(3):
            seen.append(ferrumba.thread_count())

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert seen == [(1, "off the main thread"), (3, "ferrumba.threads(3)")]


def test_quota_of_the_control_group(monkeypatch, tmp_path):
    files = {"/sys/fs/cgroup/cpu.max": "150000 100000\n"}
    monkeypatch.setattr(module.Path, "read_text", lambda self: files[str(self)])
    module._cgroup_quota.cache_clear()
    try:
        assert module._cgroup_quota() == 1.5
    finally:
        module._cgroup_quota.cache_clear()


def test_pool_grows_and_is_kept():
    first = module.pool(1)
    assert module.pool(1) is first
    larger = module.pool(module._pool_size + 1)
    assert larger is not first
    assert module.pool(1) is larger


def test_no_pool_before_it_is_needed():
    code = "import threading; from ferrumba import healpix; healpix.cell_area(3); print(threading.active_count())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


def test_threadpoolctl_caps():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    with ferrumba.threads(4):
        ferrumba.thread_count()
        with threadpoolctl.threadpool_limits(1, user_api="ferrumba"):
            count, reason = ferrumba.thread_count()
            assert count == 1
            assert reason.startswith("threadpoolctl")
        assert ferrumba.thread_count()[0] == 4 or module.processors() < 4
    assert "ferrumba" in {pool["user_api"] for pool in threadpoolctl.threadpool_info()}


def test_a_limit_holds_where_there_is_one_processor(monkeypatch):
    threadpoolctl = pytest.importorskip("threadpoolctl")
    monkeypatch.setattr(module, "processors", lambda: 1)
    with ferrumba.threads(4):
        for _ in range(2):
            with threadpoolctl.threadpool_limits(1, user_api="ferrumba"):
                assert ferrumba.thread_count()[0] == 1
                with threadpoolctl.threadpool_limits(1, user_api="ferrumba"):
                    assert ferrumba.thread_count()[0] == 1
                assert ferrumba.thread_count()[0] == 1
            assert ferrumba.thread_count()[0] == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_no_fork_in_the_middle_of_making_a_pool():
    code = """
        import os, sys, threading, time
        from ferrumba.dispatch import threads

        class Slow:
            def find_spec(self, name, path=None, target=None):
                if name == "concurrent.futures.thread":
                    begun.set()
                    time.sleep(1.0)

        begun = threading.Event()
        sys.meta_path.insert(0, Slow())
        other = threading.Thread(target=threads.pool, args=(1,))
        other.start()
        assert begun.wait(60)
        child = os.fork()
        if child == 0:
            os._exit(threads.pool(1).submit(lambda: 0).result())
        assert os.waitpid(child, 0)[1] == 0
        other.join()
    """
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
