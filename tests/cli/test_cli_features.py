"""``ferrumba features``: what it makes of real files, chunked as in one piece, whole or not at all."""

import base64
import re
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from tables import data_file, table

from ferrumba.cli import features, readers
from ferrumba.timeseries import FeatureBuilder

# The lowest matplotlib that is admitted calls pyparsing by names that the newest one deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated.*use '.*_.*':DeprecationWarning")

SMALL = "ts,a,b\n2024-01-01 00:00,1,5\n2024-01-01 00:10,2,\n2024-01-01 00:20,4,7\n2024-01-01 00:30,3,9\n"


def expected(frame, window, **options):
    builder = FeatureBuilder(window, fill=None, **options).fit(frame)
    return builder.transform(frame)


@pytest.mark.parametrize(
    ("package", "path", "time", "sensors"),
    [
        ("vega_datasets", "_data/seattle-temps.csv", "date", 1),
        ("vega_datasets", "_data/sf-temps.csv", "date", 1),
        ("river", "datasets/water-flow.csv", "Time", 1),
        ("river", "drift/datasets/occupancy.csv", "time", 4),
    ],
)
def test_real_files(cli, tmp_path, package, path, time, sensors):
    source = data_file(package, path)
    said = cli("features", source, "--window", 16, "-o", tmp_path / "o.parquet", "--threads", 1)
    frame = pd.read_csv(source, index_col=time)
    made = expected(frame, 16)
    found = pd.read_parquet(tmp_path / "o.parquet").set_index(time)
    assert found.columns.tolist() == made.columns.tolist()
    np.testing.assert_array_equal(found, made)
    stamps = pd.to_datetime(frame.index, utc=True)
    assert (pd.to_datetime(found.index, utc=True) == stamps).all()
    assert f"made {made.shape[1]} features of {sensors} sensors for {len(frame):,} rows in " in said
    assert "rows/s, to" in said
    assert "backend " in said


@pytest.mark.parametrize("window", [2, 16, 500, 5000])
@pytest.mark.parametrize("source", ["csv", "parquet"])
def test_pieces_are_the_whole(cli, tmp_path, monkeypatch, window, source):
    monkeypatch.setattr(readers, "CSV_BYTES", 1 << 11)
    monkeypatch.setattr(readers, "ROWS", 700)
    monkeypatch.setattr(features, "BYTES", 4000)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3000, 2)).cumsum(axis=0)
    x[rng.random(x.shape) < 0.1] = np.nan
    stamps = pa.array(pd.date_range("2024", periods=3000, freq="1min").as_unit("s"))
    whole = pa.table({"ts": stamps, "a": x[:, 0], "b": x[:, 1]})
    path = tmp_path / f"s.{source}"
    pq.write_table(whole, path) if source == "parquet" else pacsv.write_csv(whole, path)
    cli("features", path, "-w", window, "-o", tmp_path / "o.parquet", "--features", "med")
    found = pq.read_table(tmp_path / "o.parquet")
    made = expected(x, window, features=["med"])
    np.testing.assert_array_equal(np.stack([found["a_med"].to_numpy(), found["b_med"].to_numpy()], axis=1), made)
    assert found["ts"].cast(pa.timestamp("s")).equals(pa.chunked_array([stamps]))


def test_forms_of_output(cli, write, tmp_path):
    source = write("s.csv", SMALL)
    cli("features", source, "-w", 3, "--features", "med", "-o", tmp_path / "o.csv")
    assert table(tmp_path / "o.csv") == {
        "ts": [f"2024-01-01 00:{minute}0:00" for minute in range(4)],
        "a_med": ["1", "1.5", "2", "3"],
        "b_med": ["5", "5", "6", "8"],
    }
    cli("features", source, "-w", 1, "--features", "med", "-o", tmp_path / "o.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "o.npy"), [[1, 5], [2, np.nan], [4, 7], [3, 9]])
    cli("features", source, "-w", 1, "--features", "med", "-o", tmp_path / "o.parquet", "--columns", "b")
    assert table(tmp_path / "o.parquet")["b_med"] == [5.0, None, 7.0, 9.0]


def test_rules_of_windows(cli, write, tmp_path):
    source = write("s.csv", SMALL)
    cli("features", source, "-w", 2, "--features", "med", "-o", tmp_path / "o.npy", "--min-periods", 2)
    np.testing.assert_array_equal(np.load(tmp_path / "o.npy")[:, 1], [np.nan, np.nan, np.nan, 8])
    cli("features", source, "-w", 2, "--features", "med", "-o", tmp_path / "o.npy", "--nan", "propagate")
    np.testing.assert_array_equal(np.load(tmp_path / "o.npy")[:, 1], [5, np.nan, np.nan, 8])


def test_what_was_found_is_told(cli, write, tmp_path):
    source = write("s.csv", "Time,a,b,mode\n1/13/2024,1,Bad,on\n1/14/2024,2,3,on\n1/14/2024,4,,off\n")
    said = cli("features", source, "-w", 2, "--features", "med", "-o", tmp_path / "o.parquet")
    assert table(tmp_path / "o.parquet")["a_med"] == [1.0, 2.5]
    assert "Time is read as mdy: month, day, year" in said
    assert "left out, as they hold no numbers or have no name: mode" in said
    assert "b: 1 texts that are no numbers count as missing, the first 'Bad' in row 1" in said
    assert "rows left out, as a later row has the same time: 1 of 3" in said


@pytest.mark.parametrize(
    ("options", "said", "code"),
    [
        (["--window", "0"], "--window", 2),
        (["--features", "median"], "features holds 'median', but the features are med", 1),
        (["--min-periods", "17"], "min_periods is 17, but the window has 16 rows", 1),
        (["--backend", "fortran"], "backend 'fortran' is unknown; choose from", 1),
        (["--date-order", "ydm"], "--date-order", 2),
        (
            ["--date-order", "dmy"],
            "row 2 (and 1 more): ts is '1/13/2024', which is no time as dmy (day, month, year)",
            1,
        ),
        (["--columns", "c"], "has no column 'c' (--columns); the columns are ts, a, b", 1),
        (["--time-column", "x"], "has no column 'x' (--time-column)", 1),
        (["--time-column", "a"], "row 3: a goes back from 2 to 1; pass --sort", 1),
        (["--report", "r.pdf"], "the report r.pdf is an HTML page; let its name end in .html", 2),
        (["--delimiter", "::"], "one ASCII character separates fields", 2),
    ],
)
def test_refusals(cli, write, tmp_path, options, said, code):
    source = write("s.csv", "ts,a,b\n1/12/2024,1,5\n1/13/2024,2,6\n1/14/2024,1,6\n")
    assert said in cli("features", source, "-o", tmp_path / "o.parquet", *options, code=code)
    assert [path.name for path in tmp_path.iterdir()] == ["s.csv"]


def test_bad_rows_leave_what_was_there(cli, write, tmp_path):
    (tmp_path / "o.csv").write_text("precious")
    for text, said in {
        "ts,a\n2024-01-02,1\n2024-01-01,2\n": "goes back from 2024-01-02 to 2024-01-01; pass --sort",
        "ts,a\n2024-01-01,1\nx,2\n": "row 2: ts is 'x', which is no time",
        "ts,a\n2024-01-01,1\n2024-01-02\n": "row 2: 1 fields where the header has 2",
        "ts,a\n2024-01-01,x\n": "has no column of numbers beside ts",
        "": "is empty",
    }.items():
        assert said in cli("features", write("s.csv", text), "-o", tmp_path / "o.csv", code=1)
    assert (tmp_path / "o.csv").read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.csv", "s.csv"]
    assert "is the input itself" in cli("features", write("s.csv", SMALL), "-o", tmp_path / "s.csv", code=1)


def test_a_file_that_changes(cli, write, tmp_path, monkeypatch):
    source = write("s.csv", SMALL)
    prepare = features.open_sensors

    def opened(given):
        file = prepare(given)
        source.write_text(SMALL + "2024-01-01 00:40,3,9\n")
        return file

    monkeypatch.setattr(features, "open_sensors", opened)
    assert "changed while it was read" in cli("features", source, "-o", tmp_path / "o.csv", code=1)
    assert [path.name for path in tmp_path.iterdir()] == ["s.csv"]


def test_features_that_are_taken(cli, write, tmp_path):
    source = write("s.csv", "a_med,a\n2024-01-01,1\n")
    said = cli("features", source, "-o", tmp_path / "o.csv", "--time-column", "a_med", "--features", "med", code=1)
    assert "a second column a_med" in said


def picture_of(page):
    return base64.b64decode(re.search(r'src="data:image/png;base64,([^"]+)"', page)[1])


@pytest.mark.parametrize(("rows", "sensors"), [(0, 4), (1, 4), (5, 4), pytest.param(3000, 14, marks=pytest.mark.slow)])
def test_report(cli, tmp_path, rows, sensors):
    pytest.importorskip("matplotlib")
    pytest.importorskip("jinja2")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((rows, sensors)), columns=[f"s<{i}>" for i in range(sensors)])
    frame["s<3>"] = np.nan
    frame.insert(0, "ts", pd.date_range("2024", periods=rows, freq="1min"))
    frame.to_parquet(tmp_path / "s.parquet")
    page = tmp_path / "r.html"
    said = cli("features", tmp_path / "s.parquet", "-w", 8, "-o", tmp_path / "o.parquet", "--report", page)
    assert f"Report: {page}" in said
    text = page.read_text(encoding="utf-8")
    assert picture_of(text).startswith(b"\x89PNG")
    assert "<script" not in text
    assert "s&lt;0&gt;" in text
    assert ("of which 2 are not drawn" in text) == (sensors == 14)
    assert "without a single number: s&lt;" in text
    if rows == 3000:
        assert "without a single number: s&lt;3&gt;<" in text
        assert f"{frame['s<0>'].min():.6g}" in text
        assert "2024-01-01 00:00:00" in text


def test_panels_without_values_say_so(cli, tmp_path, monkeypatch):
    """Every window of one sensor lacks a value, and band energy needs them all."""
    axes = pytest.importorskip("matplotlib.axes")
    pytest.importorskip("jinja2")
    said = []
    monkeypatch.setattr(axes.Axes, "text", lambda self, x, y, text, **options: said.append(text))
    frame = pd.DataFrame({"ts": pd.date_range("2024", periods=300, freq="1min"), "a": np.arange(300.0), "b": 1.0})
    frame.loc[::7, "b"] = np.nan
    frame.to_parquet(tmp_path / "s.parquet")
    report = ("-o", tmp_path / "o.parquet", "--report", tmp_path / "r.html")
    cli("features", tmp_path / "s.parquet", "-w", 16, "--features", "med,energy", *report)
    assert said == ["no values"]


def test_no_report_without_the_extra(cli, write, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    said = cli("features", write("s.csv", SMALL), "-o", tmp_path / "o.csv", "--report", tmp_path / "r.html", code=1)
    assert "no report: the module 'matplotlib' is not installed; run: pip install 'ferrumba[report]'" in said
    assert not (tmp_path / "o.csv").exists()
