"""``ferrumba decimate``: who stays, what is carried along, and the report."""

import base64
import re
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tables import data_file, table

from ferrumba.cli import readers, thinning
from ferrumba.spatial import NeighborGrid

# The lowest matplotlib that is admitted calls pyparsing by names that the newest one deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated.*use '.*_.*':DeprecationWarning")

CSV = 'code,x,y,rank\n007,0,0,3\n,1.0,0,1\n"c, d",2,0,2\ne,9, 9,\n'


def sequential(points, r, order):
    """Return who stays, by the definition."""
    there = np.ones(len(points), bool)
    kept = []
    for i in order:
        if there[i]:
            d = points - points[i]
            squares = d[:, 0] * d[:, 0] + d[:, 1] * d[:, 1]
            if points.shape[1] == 3:
                squares = squares + d[:, 2] * d[:, 2]
            there &= squares > r * r
            kept.append(i)
    return np.sort(kept)


def test_csv_keeps_every_text(cli, write, tmp_path):
    said = cli("decimate", write("p.csv", CSV), "-r", 1, "-o", tmp_path / "o.csv", "--threads", 1)
    assert table(tmp_path / "o.csv") == {
        "code": ["007", "c, d", "e"],
        "x": ["0", "2", "9"],
        "y": ["0", "0", " 9"],
        "rank": ["3", "2", ""],
    }
    assert "kept 3 of 4 points (75.0%)" in said


def test_csv_to_other_formats(cli, write, tmp_path):
    source = write("p.csv", CSV)
    cli("decimate", source, "-r", 1, "-o", tmp_path / "o.parquet")
    found = table(tmp_path / "o.parquet")
    assert found == {"code": ["007", "c, d", "e"], "x": [0.0, 2.0, 9.0], "y": [0.0, 0.0, 9.0], "rank": ["3", "2", ""]}
    cli("decimate", source, "-r", 1, "-o", tmp_path / "o.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "o.npy"), [[0, 0], [2, 0], [9, 9]])


def test_parquet_keeps_types_and_metadata(cli, tmp_path):
    columns = {
        "x": pa.array([1.5, 1.5, 2.5], pa.float32()),
        "y": pa.array(["3", "3", "4.25"]).dictionary_encode(),
        "tags": pa.array([["a"], None, ["b", "c"]], pa.list_(pa.string())),
        "when": pa.array([1, 0, 2], pa.timestamp("us", "UTC")),
    }
    source = pa.table(columns).replace_schema_metadata({"origin": "test"})
    pq.write_table(source, tmp_path / "p.parquet")
    cli("decimate", tmp_path / "p.parquet", "-r", 1, "-o", tmp_path / "o.parquet", "--order", "when")
    found = pq.read_table(tmp_path / "o.parquet")
    assert found.equals(source.take([1, 2]))
    assert found.schema.metadata[b"origin"] == b"test"
    cli("decimate", tmp_path / "p.parquet", "-r", 1, "-o", tmp_path / "o.npy")
    assert np.load(tmp_path / "o.npy").tolist() == [[1.5, 3.0], [2.5, 4.25]]


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("order", [None, "ascending", "descending"])
def test_sequential_model(cli, tmp_path, monkeypatch, dimensions, order):
    """Over many pieces, with ranks that tie: equal ranks stand in the order of the file."""
    monkeypatch.setattr(readers, "ROWS", 64)
    rng = np.random.default_rng(dimensions)
    points = rng.integers(0, 16, (1000, dimensions)) * 0.0625
    ranks = rng.integers(0, 50, 1000)
    fields = {
        **{axis: points[:, k] for k, axis in enumerate("xyz"[:dimensions])},
        "rank": ranks,
        "row": np.arange(1000),
    }
    pq.write_table(pa.table(fields), tmp_path / "p.parquet")
    visit = {None: np.arange(1000), "ascending": np.argsort(ranks, kind="stable")}
    visit["descending"] = np.argsort(-ranks, kind="stable")
    options = [] if order is None else ["--order", "rank", *(["--descending"] if order == "descending" else [])]
    cli("decimate", tmp_path / "p.parquet", "-r", 0.125, "-o", tmp_path / "o.parquet", *options)
    expected = sequential(points, 0.125, visit[order])
    assert table(tmp_path / "o.parquet")["row"] == expected.tolist()


@pytest.mark.parametrize(
    ("ranks", "kept"),
    [
        (["10", "9", "9"], "1"),
        ([" 1e1", "9.5", "+10"], "1"),
        (["9007199254740993", "9007199254740992", "9007199254740994"], "1"),
    ],
)
def test_texts_sort_as_numbers(cli, write, tmp_path, ranks, kept):
    source = write("p.csv", "i,x,y,rank\n" + "".join(f"{i},0,0,{rank}\n" for i, rank in enumerate(ranks)))
    cli("decimate", source, "-r", 1, "-o", tmp_path / "o.csv", "--order", "rank")
    assert table(tmp_path / "o.csv")["i"] == [kept]


def test_rows_that_are_no_points(cli, write, tmp_path):
    source = write("p.csv", "i,x,y,rank\n0,nan,0,\n1,0,0,2\n2,0,,\n3,0.5,0,1\n")
    assert "row 1: x is 'nan'" in cli("decimate", source, "-r", 1, "-o", tmp_path / "o.csv", code=1)
    said = cli("decimate", source, "-r", 1, "-o", tmp_path / "o.csv", "--skip-invalid")
    assert table(tmp_path / "o.csv")["i"] == ["1"]
    assert "kept 1 of 2 points (50.0%)" in said
    assert "rows left out for want of finite coordinates: 2" in said
    cli("decimate", source, "-r", 1, "-o", tmp_path / "o.csv", "--skip-invalid", "--order", "rank")
    assert table(tmp_path / "o.csv")["i"] == ["3"]


@pytest.mark.parametrize(
    ("options", "said", "code"),
    [
        (["-r", "-0.5"], "--radius is -0.5, but a radius is a number from 0 to infinity", 2),
        (["--order", "nope"], "has no column 'nope' (--order)", 1),
        (["--order", "rank"], "row 4: rank has no value to sort by (--order); correct it", 1),
        (["--order", "code"], "row 2: code has no value to sort by", 1),
        (["--descending"], "--descending is about --order", 2),
        (["--report", "r.pdf"], "the report r.pdf is an HTML page; let its name end in .html", 2),
        (["--report", "no/such/r.html"], "does not exist; make it first", 1),
        (["--x", "code"], "row 2: code is empty, but a coordinate is a finite number", 1),
    ],
)
def test_refusals(cli, write, tmp_path, options, said, code):
    assert said in cli("decimate", write("p.csv", CSV), "-r", 1, "-o", tmp_path / "o.csv", *options, code=code)
    assert [path.name for path in tmp_path.iterdir()] == ["p.csv"]


def test_columns_without_an_order(cli, tmp_path):
    pq.write_table(pa.table({"x": [1], "y": [2], "tags": [["a"]]}), tmp_path / "p.parquet")
    said = cli("decimate", tmp_path / "p.parquet", "-r", 1, "-o", tmp_path / "o.csv", "--order", "tags", code=1)
    assert "column 'tags'" in said
    pq.write_table(pa.table({"x": [1, 2], "y": [2, 2], "f": [1.0, float("nan")]}), tmp_path / "p.parquet")
    said = cli("decimate", tmp_path / "p.parquet", "-r", 1, "-o", tmp_path / "o.csv", "--order", "f", code=1)
    assert "row 2: f has no value to sort by" in said


def test_output_that_is_the_input(cli, write):
    source = write("p.csv", CSV)
    assert "is the input itself" in cli("decimate", source, "-r", 1, "-o", source, code=1)
    assert source.read_text() == CSV


@pytest.mark.parametrize("text", [CSV + "f,20,20,1\n", CSV[:-8], CSV.replace("code", "name"), "x,y\n"])
def test_file_that_changes_while_it_is_read(cli, write, tmp_path, monkeypatch, text):
    source = write("p.csv", CSV)
    real = thinning.load

    def load(*arguments):
        cloud = real(*arguments)
        source.write_text(text)
        return cloud

    monkeypatch.setattr(thinning, "load", load)
    said = cli("decimate", source, "-r", 1, "-o", tmp_path / "o.csv", code=1)
    assert "changed while it was read" in said
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize(("text", "kept"), [("x,y\n", 0), ("x,y\n1,2\n", 1), ("x,y,z\n1,2,3\n1,2,3\n", 1)])
def test_few_rows(cli, write, tmp_path, text, kept):
    """None, one, and two in the same place, with the picture that belongs to them."""
    said = cli("decimate", write("p.csv", text), "-r", 0, "-o", tmp_path / "o.npy", "--report", tmp_path / "r.html")
    assert len(np.load(tmp_path / "o.npy")) == kept
    assert f"kept {kept} of" in said
    assert "data:image/png;base64" in (tmp_path / "r.html").read_text()


def test_infinite_radius_keeps_the_first(cli, write, tmp_path):
    cli("decimate", write("p.csv", CSV), "-r", "inf", "-o", tmp_path / "o.csv", "--report", tmp_path / "r.html")
    assert table(tmp_path / "o.csv")["code"] == ["007"]


@pytest.mark.parametrize(("name", "radius"), [("airplane", 20.0), ("ant", 2.0)])
def test_report_of_a_real_cloud(cli, tmp_path, name, radius):
    path = data_file("pyvista", f"examples/{name}.ply")
    page = tmp_path / "r.html"
    said = cli("decimate", path, "-r", radius, "-o", tmp_path / "o.parquet", "--report", page)
    assert f"Report: {page}" in said
    cli("decimate", path, "-r", 0, "-o", tmp_path / "all.npy")
    points = np.load(tmp_path / "all.npy")
    kept = np.stack([table(tmp_path / "o.parquet")[axis] for axis in "xyz"], axis=1)
    np.testing.assert_array_equal(kept, points[sequential(points, radius, range(len(points)))])
    text = page.read_text()
    picture = base64.b64decode(re.search(r'src="data:image/png;base64,([^"]+)"', text)[1])
    assert picture.startswith(b"\x89PNG")
    assert not re.search(r'(?:src|href)="(?!data:)', text)
    assert f"Checked: no two kept points are within {radius:g} of each other" in text
    assert f"{len(kept):,} ({len(kept) / len(points):.1%})" in text
    assert "thinning" in text


def test_report_of_a_flat_and_of_a_periodic_cloud(cli, tmp_path):
    points = np.random.default_rng(0).random((5000, 2))
    np.save(tmp_path / "p.npy", points)
    options = ["-r", 0.05, "-o", tmp_path / "o.npy", "--box", "1,open", "--report", tmp_path / "r.html"]
    said = cli("decimate", tmp_path / "p.npy", *options)
    assert "periodic box 1 x open" in said
    expected = points[NeighborGrid(points, box=[1.0, None]).decimate(0.05)]
    np.testing.assert_array_equal(np.load(tmp_path / "o.npy"), expected)
    text = (tmp_path / "r.html").read_text()
    assert "Checked: " in text
    assert "periodic box 1 x open" in text


def test_report_shows_a_wrong_answer(cli, write, tmp_path, monkeypatch):
    monkeypatch.setattr(NeighborGrid, "decimate", lambda self, r, order=None: np.array([0, 1]))
    cli("decimate", write("p.csv", CSV), "-r", 1, "-o", tmp_path / "o.csv", "--report", tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text()
    assert "The answer is wrong: 2 kept points have others within 1, and 1 dropped ones have no kept one there." in text


@pytest.mark.parametrize("module", ["matplotlib", "jinja2"])
def test_without_the_report_extra(cli, write, tmp_path, monkeypatch, module):
    """Said before anything is computed or written."""
    monkeypatch.setitem(sys.modules, module, None)
    source = write("p.csv", CSV)
    said = cli("decimate", source, "-r", 1, "-o", tmp_path / "o.csv", "--report", tmp_path / "r.html", code=1)
    assert f"no report: the module '{module}' is not installed; run: pip install 'ferrumba[report]'" in said
    assert [path.name for path in tmp_path.iterdir()] == ["p.csv"]
