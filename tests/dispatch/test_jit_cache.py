import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ferrumba
from ferrumba.dispatch import jit_cache

PROBE = """
import sys
from ferrumba import healpix
from ferrumba.dispatch.registry import kernels
assert healpix.is_morton(-31, backend="numba")
from ferrumba.healpix.numba.is_morton import is_morton
print(len(is_morton.stats.cache_hits), len(is_morton.stats.cache_misses), is_morton.stats.cache_path)
"""


def probe(folder, **more):
    environment = {**os.environ, "FERRUMBA_NUMBA_CACHE": str(folder), **more}
    done = subprocess.run([sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    hits, misses, path = done.stdout.split()
    return int(hits), int(misses), path


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compiled") / "new"
    assert probe(folder)[:2] == (0, 1)
    return folder


def test_second_process_loads_what_the_first_compiled(compiled):
    assert probe(compiled)[:2] == (1, 0)


@pytest.mark.parametrize("pattern", ["*.nbi", "*.nbc"])
def test_damaged_files_are_replaced(compiled, tmp_path, pattern):
    folder = shutil.copytree(compiled, tmp_path / "copy")
    damaged = list(folder.glob(pattern))
    assert damaged
    for path in damaged:
        path.write_bytes(path.read_bytes()[:50])
    assert probe(folder)[:2] == (0, 1)
    assert probe(folder)[:2] == (1, 0)


def test_where_nothing_can_be_written_it_compiles_in_memory():
    assert probe(Path("/proc/nowhere"))[:2] == (0, 1)


def test_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(jit_cache, "user_folder", lambda kind: tmp_path / kind)
    for value, folder in (
        ("0", None),
        ("off", None),
        ("", tmp_path / "cache" / f"numba-{ferrumba.__version__}"),
        ("1", tmp_path / "cache" / f"numba-{ferrumba.__version__}"),
        (str(tmp_path / "mine"), tmp_path / "mine"),
    ):
        monkeypatch.setenv("FERRUMBA_NUMBA_CACHE", value)
        assert jit_cache.cache_folder() == folder


def test_no_home_means_no_cache(monkeypatch):
    def homeless(kind):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("FERRUMBA_NUMBA_CACHE", raising=False)
    monkeypatch.setattr(jit_cache, "user_folder", homeless)
    assert jit_cache.cache_folder() is None


def test_digest_covers_the_sources_that_are_compiled_together():
    jit_cache.source_digest.cache_clear()
    assert len(jit_cache.source_digest()) == 64


def test_one_writer_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(jit_cache, "WAIT", 0.0)
    with jit_cache._writer(tmp_path) as first, jit_cache._writer(tmp_path) as second:
        assert first
        assert not second
    with jit_cache._writer(tmp_path) as third:
        assert third
