import json
import threading

import numpy as np
import pytest

import ferrumba
from ferrumba import healpix
from ferrumba.dispatch.choice import parse_rules
from ferrumba.dispatch.registry import kernels
from ferrumba.errors import BackendError, BackendUnavailable, InvalidBackendRequest, KernelUnavailable
from ferrumba.testing.loopback import Loopback, installed

NAME = "healpix.is_morton"


@pytest.fixture
def two(fake):
    """Two plug-ins beside the reference: 'one' answers True, 'two' answers False."""
    with installed(fake(mark=True), "one"):
        from ferrumba.dispatch.backends import adopt, backends

        backends()["two"] = adopt("two", fake(mark=False), "here")
        yield


def test_precedence_from_bottom_to_top(two, monkeypatch):
    """Each rule is overruled by the next: reference, environment, set_backend, use_backend, backend=."""
    assert ferrumba.explain(NAME).backend == "numba"
    monkeypatch.setenv("FERRUMBA_BACKEND", "one")
    from ferrumba.dispatch import choice

    choice._environment_rules.cache_clear()
    choice.resolved.clear()
    assert ferrumba.explain(NAME) == choice.Choice(NAME, "one", "FERRUMBA_BACKEND=one")
    ferrumba.set_backend("two")
    assert ferrumba.explain(NAME).reason == "set_backend('two')"
    with ferrumba.use_backend("one", "healpix.*"):
        assert ferrumba.explain(NAME).reason == "use_backend('one', 'healpix.*')"
        with ferrumba.use_backend("two"):
            assert ferrumba.explain(NAME).backend == "two"
            assert ferrumba.explain(NAME, backend="one").reason == "backend='one'"
        assert ferrumba.explain(NAME).backend == "one"
    assert ferrumba.explain(NAME).backend == "two"


def test_calls_go_where_the_choice_says(two):
    assert healpix.is_morton(5, backend="one")
    assert not healpix.is_morton(5, backend="two")
    with ferrumba.use_backend("one"):
        assert healpix.is_morton(5)
    ferrumba.set_backend("two")
    assert not healpix.is_morton(5)
    ferrumba.set_backend("one")
    assert healpix.is_morton(5)


def test_auto_cancels_a_lower_request(two):
    ferrumba.set_backend("one")
    assert ferrumba.explain(NAME, backend="auto").backend == "numba"
    with ferrumba.use_backend("auto"):
        assert ferrumba.explain(NAME).backend == "numba"


def test_patterns(two, monkeypatch):
    monkeypatch.setenv("FERRUMBA_BACKEND", "healpix.is_*=one, healpix.morton_*=two ,*=numba")
    from ferrumba.dispatch import choice

    choice._environment_rules.cache_clear()
    assert ferrumba.explain(NAME).backend == "one"
    assert ferrumba.explain("healpix.morton_order").backend == "two"
    assert ferrumba.explain("healpix.neighbours").backend == "numba"


@pytest.mark.parametrize("text", ["rsut", "rsut?", "healpix.*=rsut", "healpx.*=numba", "one,,nothing"])
def test_unknown_words_are_never_ignored(text):
    with pytest.raises(InvalidBackendRequest, match="choose from"):
        parse_rules(text, "test")


@pytest.mark.parametrize(
    "how", [lambda: ferrumba.set_backend("rsut"), lambda: ferrumba.use_backend("numba", "nix.*").__enter__()]
)
def test_requests_in_code_are_checked_at_once(how):
    with pytest.raises(InvalidBackendRequest):
        how()


def test_wrong_environment_raises_at_first_use(monkeypatch):
    monkeypatch.setenv("FERRUMBA_BACKEND", "rusty")
    ferrumba.refresh()
    with pytest.raises(InvalidBackendRequest, match="FERRUMBA_BACKEND=rusty: backend 'rusty' is unknown"):
        healpix.is_morton(1)


def test_missing_backend_says_what_to_type(monkeypatch):
    from ferrumba.dispatch import backends as module

    monkeypatch.setattr(module, "entry_points", lambda group: [])
    ferrumba.refresh()
    with pytest.raises(
        BackendUnavailable,
        match=r"backend='rust' asks for 'rust', which is not installed .*pip install 'ferrumba\[rust\]'",
    ):
        healpix.is_morton(1, backend="rust")
    assert ferrumba.explain(NAME, backend="rust?").reason.startswith(
        "backend='rust?' preferred rust, but rust is not installed"
    )


def test_kill_switch_wins_over_the_environment_and_refuses_code(monkeypatch):
    monkeypatch.setenv("MORTIE_FORCE_NUMBA", "1")
    monkeypatch.setenv("FERRUMBA_BACKEND", "rust")
    ferrumba.refresh()
    assert ferrumba.explain(NAME).reason == "MORTIE_FORCE_NUMBA=1"
    with pytest.raises(BackendUnavailable, match="MORTIE_FORCE_NUMBA=1 switches every plug-in off"):
        healpix.is_morton(1, backend="rust")


def test_stale_kernel_raises_when_asked_and_falls_back_in_auto(fake):
    with installed(fake(manifest={"healpix.is_morton": 0}), "old"):
        with pytest.raises(KernelUnavailable, match=r"at revision 0, not 1; update the plug-in, or write old\?"):
            ferrumba.explain(NAME, backend="old")
        assert ferrumba.explain(NAME, backend="old?").backend == "numba"
        auto = ferrumba.explain(NAME)
        assert auto.backend == "numba"
        assert "revision 0, not 1" in auto.reason


def test_errors_are_the_builtins_a_caller_would_catch():
    assert issubclass(BackendUnavailable, ImportError)
    assert issubclass(KernelUnavailable, NotImplementedError)
    assert issubclass(InvalidBackendRequest, ValueError)
    assert issubclass(BackendUnavailable, BackendError)


@pytest.mark.parametrize("value", [3, b"rust", ["rust"]])
def test_backend_that_is_no_string(value):
    with pytest.raises((InvalidBackendRequest, TypeError)):
        healpix.is_morton(1, backend=value)


def test_unknown_kernel():
    with pytest.raises(InvalidBackendRequest, match="choose from healpix"):
        ferrumba.explain("healpix.nothing")


def test_contexts_do_not_leak_into_other_threads(two):
    seen = []
    with ferrumba.use_backend("one"):
        thread = threading.Thread(target=lambda: seen.append(ferrumba.explain(NAME).backend))
        thread.start()
        thread.join()
    assert seen == ["numba"]


def test_trace_tells_what_ran():
    with installed(Loopback(), "loopback"), ferrumba.trace() as calls:
        healpix.is_morton(np.arange(10), backend="loopback")
    assert [(c.kernel, c.backend, c.reason, c.rows, c.threads) for c in calls] == [
        (NAME, "loopback", "backend='loopback'", 10, 1)
    ]
    assert calls[0].seconds > 0
    healpix.is_morton(1)
    assert len(calls) == 1


def test_calibration_decides_by_size_for_bitwise_kernels(two, monkeypatch, tmp_path):
    entry = {"revision": 1, "sizes": [10, 1000], "seconds": {"numba": [2.0, 2.0], "one": [1.0, 3.0]}}
    path = tmp_path / "table.json"
    path.write_text(json.dumps({"format": 1, "kernels": {NAME: entry}}))
    monkeypatch.setenv("FERRUMBA_CALIBRATION", str(path))
    from ferrumba.dispatch import calibration, choice

    calibration.table.cache_clear()
    choice.resolved.clear()
    assert ferrumba.explain(NAME, n=3).backend == "one"
    assert ferrumba.explain(NAME, n=3).reason.endswith("at 10 rows")
    assert ferrumba.explain(NAME, n=5000).backend == "numba"


def test_every_kernel_is_found_by_name():
    assert all(name == kernel.name and "." in name for name, kernel in kernels().items())
