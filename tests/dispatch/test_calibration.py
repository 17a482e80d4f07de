import json
from dataclasses import replace

import pytest

from ferrumba.dispatch import calibration
from ferrumba.dispatch.contracts import Close
from ferrumba.dispatch.registry import kernels
from ferrumba.errors import InvalidBackendRequest


@pytest.fixture
def use(monkeypatch, tmp_path):
    def write(content):
        path = tmp_path / "table.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        monkeypatch.setenv("FERRUMBA_CALIBRATION", str(path))
        calibration.table.cache_clear()

    return write


def table(name, seconds, sizes=(10, 1000), revision=1):
    return {"format": 1, "kernels": {name: {"revision": revision, "sizes": list(sizes), "seconds": seconds}}}


def test_the_reference_must_win_by_ten_percent(use, is_morton):
    use(table(is_morton.name, {"numba": [1.0, 1.0], "rust": [1.05, 1.2]}))
    assert calibration.fastest(is_morton, 10, ["numba", "rust"])[0] == "rust"
    assert calibration.fastest(is_morton, 1000, ["numba", "rust"])[0] == "numba"


def test_the_fastest_of_several_plugins(use, is_morton):
    use(table(is_morton.name, {"numba": [9.0, 9.0], "rust": [2.0, 2.0], "other": [1.0, 3.0]}))
    assert calibration.fastest(is_morton, 10, ["numba", "rust", "other"])[0] == "other"
    assert calibration.fastest(is_morton, 1000, ["numba", "rust", "other"])[0] == "rust"
    assert calibration.fastest(is_morton, 10, ["numba", "rust"])[0] == "rust"


def test_a_visible_choice_is_one_for_all_sizes(use, is_morton):
    kernel = replace(is_morton, contract=Close(ulps=2))
    use(table(kernel.name, {"numba": [1.0, 1.0], "rust": [0.25, 2.0]}))
    names = {calibration.fastest(kernel, rows, ["numba", "rust"])[0] for rows in (1, 10, 1000, 10**7)}
    assert names == {"rust"}


def test_another_revision_does_not_count(use, is_morton):
    use(table(is_morton.name, {"numba": [9.0, 9.0], "rust": [1.0, 1.0]}, revision=is_morton.revision + 1))
    name, reason = calibration.fastest(is_morton, 10, ["numba", "rust"])
    assert name == "numba"
    assert "not in the calibration table" in reason


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"format": 2, "kernels": {}}', '{"format": 1, "kernels": {"a": {}}}']
)
def test_damaged_table_is_named(use, content):
    use(content)
    with pytest.raises(InvalidBackendRequest, match="cannot be read"):
        calibration.table()


def test_missing_file_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("FERRUMBA_CALIBRATION", str(tmp_path / "nowhere.json"))
    calibration.table.cache_clear()
    with pytest.raises(InvalidBackendRequest, match=r"nowhere\.json' cannot be read"):
        calibration.table()


def test_off(monkeypatch, is_morton):
    monkeypatch.setenv("FERRUMBA_CALIBRATION", "off")
    calibration.table.cache_clear()
    assert calibration.fastest(is_morton, 10, ["numba", "rust"]) == ("numba", "the reference: calibration is off")


def test_own_table_counts_on_its_own_processor_only(monkeypatch, tmp_path):
    monkeypatch.delenv("FERRUMBA_CALIBRATION")
    monkeypatch.setattr(calibration, "user_folder", lambda kind: tmp_path)
    for processor, own in (("another", False), (calibration.processor(), True)):
        calibration.write(
            {"format": 1, "machine": {"processor": processor}, "kernels": {}}, tmp_path / "calibration.json"
        )
        calibration.table.cache_clear()
        assert (calibration.table()["source"] != "shipped table") is own


def test_shipped_table_is_valid_and_names_declared_kernels(monkeypatch, tmp_path):
    monkeypatch.delenv("FERRUMBA_CALIBRATION")
    monkeypatch.setattr(calibration, "user_folder", lambda kind: tmp_path)
    calibration.table.cache_clear()
    found = calibration.table()
    assert found["source"] == "shipped table"
    assert set(found["kernels"]) <= set(kernels())


def test_write_is_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "table.json"
    calibration.write({"format": 1}, path)
    with pytest.raises(TypeError):
        calibration.write({"format": object()}, path)
    assert json.loads(path.read_text()) == {"format": 1}
    assert list(path.parent.iterdir()) == [path]
