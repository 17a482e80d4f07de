"""The commands that look at kernels and backends, for people and as JSON."""

import importlib
import json

import pytest

import ferrumba
from ferrumba.dispatch import backends as backends_module
from ferrumba.dispatch import calibration, choice
from ferrumba.dispatch.backends import adopt, backends
from ferrumba.dispatch.registry import kernels
from ferrumba.errors import BackendIncompatible
from ferrumba.testing.conformance import Result
from ferrumba.testing.loopback import Loopback, installed

SMALL = "healpix.morton_order"


@pytest.fixture
def loopback(monkeypatch):
    """Install a second backend beside whatever is there."""
    for name in ("FERRUMBA_FORCE_NUMBA", "MORTIE_FORCE_NUMBA"):
        monkeypatch.delenv(name, raising=False)
    with installed(Loopback()) as backend:
        yield backend


@pytest.fixture
def broken(monkeypatch):
    """Install a backend that failed to load."""
    for name in ("FERRUMBA_FORCE_NUMBA", "MORTIE_FORCE_NUMBA"):
        monkeypatch.delenv(name, raising=False)
    real = backends_module.backends.__wrapped__

    def found():
        try:
            adopt("rusty", object(), "rusty 0.1 (rusty:backend)")
        except BackendIncompatible as fault:
            bad = backends_module.Backend("rusty", "unknown", {}, backends_module._no_kernel, dict, "rusty 0.1", fault)
        return {**real(), "rusty": bad}

    import functools

    choice.refresh()
    cached = functools.cache(found)
    for module in ("backends", "choice", "measure"):
        monkeypatch.setattr(importlib.import_module(f"ferrumba.dispatch.{module}"), "backends", cached)
    yield
    choice.refresh()


def test_backends(cli, cli_json, loopback):
    found = {facts["name"]: facts for facts in cli_json("backends")}
    assert list(found) == list(backends())
    assert found["numba"]["serves"] == len(kernels())
    assert found["loopback"]["info"] == {"profile": "release"}
    assert "loopback" in cli("backends")


def test_kernels(cli, cli_json, loopback):
    found = {kernel["name"]: kernel for kernel in cli_json("kernels")}
    assert list(found) == list(kernels())
    assert found[SMALL]["outputs"] == {"order": "int64"}
    assert {"numba", "loopback"} <= set(found[SMALL]["backends"])
    said = cli("kernels")
    assert all(name in said for name in kernels())
    assert "bitwise" in said


def test_explain(cli, cli_json, loopback):
    found = cli_json("explain", SMALL, "--rows", 10, "--backend", "loopback")
    assert found["kernel"] == SMALL
    assert (found["backend"], found["reason"], found["rows"]) == ("loopback", "backend='loopback'", 10)
    assert found["threads"] >= 1
    assert "loopback, because of backend='loopback'" in cli("explain", SMALL, "--backend", "loopback")
    assert "is not declared; choose from healpix." in cli("explain", "healpix.nothing", code=1)
    assert "backend 'fortran' is unknown" in cli("explain", SMALL, "--backend", "fortran", code=1)


@pytest.fixture
def sound(monkeypatch):
    """Leave no variable of ours set, so that the doctor has nothing to find."""
    for name in ("FERRUMBA_NUMBA_CACHE",):
        monkeypatch.delenv(name, raising=False)
    choice.refresh()
    yield
    choice.refresh()


def test_doctor(cli, cli_json, sound):
    found = cli_json("doctor")
    assert found["problems"] == []
    assert found["versions"]["ferrumba"] == ferrumba.__version__
    assert {"numba", "numpy", "pyarrow"} <= set(found["versions"])
    assert set(found["environment"]) >= {"FERRUMBA_BACKEND", "MORTIE_FORCE_NUMBA"}
    assert [facts["name"] for facts in found["backends"]] == list(backends())
    assert found["threads"]["count"] >= 1
    assert "numba" in found["numba_cache"]
    assert "No problems found." in cli("doctor")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FERRUMBA_BAKEND", "rust", "FERRUMBA_BAKEND is set, but Ferrumba reads no such variable"),
        ("FERRUMBA_FORCE_NUMBA", "perhaps", "FERRUMBA_FORCE_NUMBA='perhaps' is not a switch"),
        ("MORTIE_FORCE_NUMBA", "2", "MORTIE_FORCE_NUMBA='2' is not a switch"),
        ("FERRUMBA_NUM_THREADS", "many", "FERRUMBA_NUM_THREADS='many' is not a number of threads"),
        ("FERRUMBA_BACKEND", "fortran", "backend 'fortran' is unknown"),
        ("FERRUMBA_CALIBRATION", "/nowhere/table.json", "cannot be read"),
    ],
)
def test_doctor_shows_wrong_variables(cli, cli_json, monkeypatch, sound, name, value, said):
    """It shows them all and goes on, where every other command stops."""
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("FERRUMBA_NONSENSE", "1")
    found = cli_json("doctor", code=1)
    assert found["environment"][name] == value
    assert any(said in problem for problem in found["problems"])
    assert any("FERRUMBA_NONSENSE" in problem for problem in found["problems"])
    assert next(facts["name"] for facts in found["backends"]) == "numba"
    assert f"Problem: {said}" in cli("doctor", code=1) or said in cli("doctor", code=1)


def test_other_commands_stop_at_a_wrong_variable(cli, monkeypatch, sound):
    monkeypatch.setenv("FERRUMBA_BAKEND", "rust")
    choice.refresh()
    assert "FERRUMBA_BAKEND is set, but Ferrumba reads only" in cli("backends", code=1)


def test_doctor_shows_a_broken_backend(cli, cli_json, sound, broken):
    found = cli_json("doctor", code=1)
    (facts,) = [facts for facts in found["backends"] if facts["name"] == "rusty"]
    assert facts["fault"].startswith("BackendIncompatible: backend 'rusty'")
    assert "Traceback (most recent call last)" in facts["traceback"]
    said = cli("doctor", code=1)
    assert "Traceback (most recent call last)" in said
    assert "lacks PROTOCOL: int" in said
    assert "see: ferrumba doctor" in cli("backends")


def test_doctor_shows_an_older_revision(cli, cli_json, monkeypatch):
    for name in ("FERRUMBA_FORCE_NUMBA", "MORTIE_FORCE_NUMBA"):
        monkeypatch.delenv(name, raising=False)
    manifest = {name: kernel.revision - (name == SMALL) for name, kernel in kernels().items()}
    choice.refresh()
    older = adopt("older", Loopback({**manifest, "healpix.gone": 1}), "older 1")
    real = backends_module.backends.__wrapped__
    for module in ("backends", "choice"):
        monkeypatch.setattr(
            importlib.import_module(f"ferrumba.dispatch.{module}"), "backends", lambda: {**real(), "older": older}
        )
    monkeypatch.setattr(choice, "refresh", lambda: None)
    (facts,) = [facts for facts in cli_json("doctor")["backends"] if facts["name"] == "older"]
    assert facts["refused"] == {SMALL: f"older 0 has {SMALL} at revision 0, not 1"}
    assert facts["unknown"] == ["healpix.gone"]
    said = cli("doctor")
    assert f"not served: older 0 has {SMALL} at revision 0, not 1" in said
    assert "offers kernels that are not declared: healpix.gone" in said


def test_calibrate_writes_what_the_choice_reads(cli, cli_json, loopback, tmp_path, monkeypatch):
    path = tmp_path / "sub" / "table.json"
    said = cli("calibrate", SMALL, "is_morton", "-o", path, "--budget", 0)
    assert f"Written to {path}." in said
    table = json.loads(path.read_text())
    entry = table["kernels"][SMALL]
    assert list(table["kernels"]) == [SMALL, "healpix.is_morton"]
    assert entry["revision"] == kernels()[SMALL].revision
    assert entry["sizes"] == list(kernels()[SMALL].sizes)
    assert {"numba", "loopback"} <= set(entry["seconds"])
    assert all(seconds > 0 for times in entry["seconds"].values() for seconds in times)
    assert table["machine"]["processor"] == calibration.processor()
    assert {"ferrumba", "numpy", "numba", "loopback"} <= set(table["versions"])
    monkeypatch.setenv("FERRUMBA_CALIBRATION", str(path))
    calibration.table.cache_clear()
    assert calibration.table()["source"] == str(path)
    assert ferrumba.explain(SMALL, 10**6).reason.startswith("calibration (")
    assert cli_json("calibrate", SMALL, "-o", path, "--budget", 0)["path"] == str(path)


def test_calibrate_refuses_a_debug_build(cli, loopback, tmp_path):
    class Debug(Loopback):
        def info(self):
            return {"profile": "debug"}

    with installed(Debug()):
        said = cli("calibrate", SMALL, "-o", tmp_path / "t.json", code=1)
    assert "backend 'loopback' from ferrumba.testing is a debug build" in said
    assert not (tmp_path / "t.json").exists()


def test_bench(cli, cli_json, loopback):
    found = cli_json("bench", "morton_ord*", "--rows", 1000, "--rows", 200_000, "--budget", 0)
    timings = found["timings"]
    assert {t["kernel"] for t in timings} == {SMALL}
    assert {t["rows"] for t in timings} == {1000, 200_000}
    assert {"floor", "numba", "loopback"} <= {t["backend"] for t in timings}
    assert all(t["seconds"] > 0 for t in timings)
    said = cli("bench", SMALL, "--rows", 1000, "--budget", 0)
    assert "floor" in said
    assert "x)" in said


@pytest.mark.parametrize("command", ["bench", "calibrate", "verify"])
def test_unknown_kernels(cli, command):
    assert "'nothing' matches no kernel; choose from healpix." in cli(command, "nothing", code=1)


def test_verify(cli, cli_json, loopback):
    found = cli_json("verify", SMALL, "--backend", "loopback")
    assert found["passed"]
    assert found["checks"]["loopback"][SMALL] > 10
    assert "Passed: " in cli("verify", SMALL, "--backend", "loopback")
    assert "which is not installed; present: numba" in cli("verify", "--backend", "fortran", code=1)


def test_verify_shows_faults(cli, cli_json, loopback, monkeypatch):
    results = [
        Result(SMALL, "order 18", "strided", 2, "order: 3 of 9 values differ"),
        Result(SMALL, "order 0", "direct", 1, None),
    ]
    monkeypatch.setattr("ferrumba.testing.conformance.verify", lambda backend, names, seed: iter(results))
    found = cli_json("verify", SMALL, "--backend", "loopback", code=1)
    assert found["faults"][0]["fault"] == "order: 3 of 9 values differ"
    said = cli("verify", SMALL, "--backend", "loopback", code=1)
    assert "1 of 2 failed" in said
    assert f"loopback, {SMALL}, order 18, strided, 2 threads: order: 3 of 9 values differ" in said
    assert "FAILED: 2 checks, 1 faults." in said
