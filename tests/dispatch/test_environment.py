import pytest

from ferrumba.dispatch import environment
from ferrumba.errors import InvalidBackendRequest


@pytest.mark.parametrize(
    ("value", "on"), [("1", True), ("TRUE", True), (" on ", True), ("0", False), ("", False), ("false", False)]
)
def test_flag(monkeypatch, value, on):
    monkeypatch.setenv("FERRUMBA_FORCE_NUMBA", value)
    assert environment.flag("FERRUMBA_FORCE_NUMBA") is on


def test_flag_refuses_what_is_neither_on_nor_off(monkeypatch):
    monkeypatch.setenv("MORTIE_FORCE_NUMBA", "maybe")
    with pytest.raises(InvalidBackendRequest, match="MORTIE_FORCE_NUMBA='maybe' is not a switch; set it to 1 or 0"):
        environment.force_numba()


@pytest.mark.parametrize("name", ["FERRUMBA_FORCE_NUMBA", "MORTIE_FORCE_NUMBA"])
def test_both_kill_switches_mean_the_same(monkeypatch, name):
    assert environment.force_numba() is None
    monkeypatch.setenv(name, "1")
    assert environment.force_numba() == name


def test_unknown_variable_is_never_ignored(monkeypatch):
    monkeypatch.setenv("FERRUMBA_BACKND", "rust")
    words = r"FERRUMBA_BACKND is set, but Ferrumba reads only .*FERRUMBA_BACKEND"
    with pytest.raises(InvalidBackendRequest, match=words):
        environment.check_names()


def test_a_plugin_may_have_variables_of_its_own(monkeypatch):
    monkeypatch.setenv("FERRUMBA_CUDA_DEVICE", "0")
    environment.check_names(("cuda",))


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_thread_limit_refuses(monkeypatch, value):
    monkeypatch.setenv("FERRUMBA_NUM_THREADS", value)
    with pytest.raises(InvalidBackendRequest, match="is not a number of threads"):
        environment.thread_limit("FERRUMBA_NUM_THREADS")


@pytest.mark.parametrize(("value", "limit"), [("3", 3), ("4,2", 4), ("", None), ("dynamic", None)])
def test_foreign_thread_limit(monkeypatch, value, limit):
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert environment.foreign_thread_limit("OMP_NUM_THREADS") == limit
