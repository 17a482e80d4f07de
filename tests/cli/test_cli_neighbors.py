"""``ferrumba neighbors``: pairs and counts, from tables and NumPy arrays."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tables import data_file, table

from ferrumba.cli import neighbors, readers
from ferrumba.cli.neighbors import memory

CSV = "name,X,y,Z\n007,0,0,0\n,1,0,0\nc, 1 ,2,0\nd,9,9,9\n"


def brute(points, r, box=None):
    """Return the pairs i < j within r, in order, and their distances."""
    i, j = np.triu_indices(len(points), 1)
    d = points[i] - points[j]
    if box is not None:
        d = np.abs(d)
        d = np.minimum(d, np.asarray(box) - d)
    squares = d[:, 0] * d[:, 0] + d[:, 1] * d[:, 1]
    if points.shape[1] == 3:
        squares = squares + d[:, 2] * d[:, 2]
    near = squares <= r * r
    return i[near], j[near], np.sqrt(squares[near])


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npy"])
def test_pairs(cli, write, tmp_path, suffix):
    said = cli("neighbors", write("p.csv", CSV), "--radius", 2, "-o", tmp_path / f"o{suffix}", "--backend", "numba")
    found = table(tmp_path / f"o{suffix}")
    rows = zip(map(int, found["i"]), map(int, found["j"]), map(float, found["distance"]), strict=True)
    assert sorted(rows) == [(0, 1, 1.0), (1, 2, 2.0)]
    assert "found 2 pairs of 4 points" in said
    assert "backend numba (backend='numba')" in said


def test_full_list(cli, write, tmp_path):
    said = cli("neighbors", write("p.csv", CSV), "-r", 2, "--full", "-o", tmp_path / "o.parquet")
    assert table(tmp_path / "o.parquet") == {"i": [0, 1, 1, 2], "j": [1, 0, 2, 1], "distance": [1.0, 1.0, 2.0, 2.0]}
    assert "found 2 pairs" in said


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("box", [None, (1.0, 1.0, 1.0)])
def test_many_pieces_equal_brute_force(cli, tmp_path, monkeypatch, dimensions, box):
    """Lattice points, where borders are hit, in pieces of a few rows."""
    monkeypatch.setattr(neighbors, "SLAB", 100)
    monkeypatch.setattr(neighbors, "COPIES", 1 << 12)
    monkeypatch.setattr(readers, "ROWS", 64)
    points = np.random.default_rng(0).integers(0, 8, (600, dimensions)) * 0.125
    np.save(tmp_path / "p.npy", points)
    options = [] if box is None else ["--box", ",".join(map(str, box[:dimensions]))]
    cli("neighbors", tmp_path / "p.npy", "-r", 0.25, "-o", tmp_path / "o.npy", "--max-memory", "1MiB", *options)
    found = np.load(tmp_path / "o.npy")
    i, j, distances = brute(points, 0.25, None if box is None else box[:dimensions])
    full = np.concatenate([np.stack([i, j, distances]), np.stack([j, i, distances])], axis=1)
    assert (found["i"] < found["j"]).all()
    found = np.sort(found, order=["i", "j"])
    np.testing.assert_array_equal(found["i"], i)
    np.testing.assert_array_equal(found["j"], j)
    np.testing.assert_allclose(found["distance"], distances, rtol=1e-15)
    cli(
        "neighbors",
        tmp_path / "p.npy",
        "-r",
        0.25,
        "-o",
        tmp_path / "f.npy",
        "--full",
        "--max-memory",
        "1MiB",
        *options,
    )
    twice = np.load(tmp_path / "f.npy")
    full = full[:, np.lexsort(full[1::-1])]
    np.testing.assert_array_equal(twice["i"], full[0])
    np.testing.assert_array_equal(twice["j"], full[1])
    np.testing.assert_allclose(twice["distance"], full[2], rtol=1e-15)
    cli("neighbors", tmp_path / "p.npy", "-r", 0.25, "-o", tmp_path / "c.npy", "--count", *options)
    np.testing.assert_array_equal(np.load(tmp_path / "c.npy"), np.bincount([*i, *j], minlength=600))


def test_counts_beside_all_columns(cli, write, tmp_path):
    source = write("p.csv", CSV)
    cli("neighbors", source, "-r", 2, "--count", "-o", tmp_path / "o.csv")
    found = table(tmp_path / "o.csv")
    assert found.pop("neighbors") == ["1", "2", "1", "0"]
    assert found == table(source)
    cli("neighbors", source, "-r", 2, "--count", "-o", tmp_path / "o.parquet", "--column", "n")
    found = table(tmp_path / "o.parquet")
    assert found["name"] == ["007", "", "c", "d"]
    assert (found["X"], found["n"]) == ([0.0, 1.0, 1.0, 9.0], [1, 2, 1, 0])
    taken = write("t.csv", "x,y,neighbors\n1,2,3\n")
    said = cli("neighbors", taken, "-r", 2, "--count", "-o", tmp_path / "t.parquet", code=1)
    assert "would get a second column neighbors, and keeps what it has; name the new with --column NAME" in said


def test_summary(cli, cli_json, write):
    source = write("p.csv", CSV)
    assert cli_json("neighbors", source, "-r", 2) == {
        "points": 4,
        "dimensions": 3,
        "radius": 2.0,
        "box": None,
        "pairs": 2,
        "without_neighbors": 1,
        "least": 0,
        "median": 1.0,
        "mean": 1.0,
        "most": 2,
    }
    assert "points without neighbours │ 1" in cli("neighbors", source, "-r", 2)
    assert cli_json("neighbors", source, "-r", "inf")["pairs"] == 6
    assert cli_json("neighbors", source, "-r", 0)["pairs"] == 0


@pytest.mark.parametrize(
    ("header", "options", "dimensions"),
    [
        ("x,y,z", [], 3),
        ("X, y ,Z", [], 3),
        ("x,y,height", [], 2),
        ("x,y,height", ["--z", "height"], 3),
        ("x,y,z", ["--flat"], 2),
        ("east,north,y", ["--x", "east", "--y", "north"], 2),
    ],
)
def test_columns_found(cli_json, write, header, options, dimensions):
    source = write("p.csv", f"{header}\n1,2,3\n1,2,9\n")
    found = cli_json("neighbors", source, "-r", 0.5, *options)
    assert (found["dimensions"], found["pairs"]) == (dimensions, int(dimensions == 2))


@pytest.mark.parametrize(
    ("header", "options", "said", "code"),
    [
        ("a,b,c", [], "the column of x cannot be guessed; name it with --x NAME; the columns are a, b, c", 1),
        ("x,X,y", [], "the column of x could be x or X; name it with --x NAME", 1),
        ("x,z,Z", ["--y", "x"], "the column of z could be z or Z", 1),
        ("x,y,z", ["--y", "x"], "column 'x' cannot hold two coordinates", 1),
        ("x,y,z", ["--z", "w"], "has no column 'w' (--z)", 1),
        ("x,y,z", ["--flat", "--z", "z"], "--flat and --z exclude each other", 2),
        ("x,y,z", ["--box", "1,1,1", "--open"], "--box and --open exclude each other", 2),
        ("x,y,z", ["--box", "1,1"], "--box is '1,1', but it is one length above 0 for each axis, as lx,ly,lz", 2),
        ("x,y,a", ["--box", "1,0"], "as lx,ly; write open for an axis that is not periodic", 2),
        ("x,y,z", ["--box", "a"], "--box is 'a'", 2),
        ("x,y,z", ["--box", "nan"], "--box is 'nan'", 2),
        ("x,y,z", ["-r", "-1"], "--radius is -1.0, but a radius is a number from 0 to infinity; give one", 2),
        ("x,y,z", ["-r", "nan"], "--radius is nan", 2),
        ("x,y,z", ["--full"], "--full is about the pairs that are written", 2),
        ("x,y,z", ["--column", "n"], "--column names the column of --count", 2),
        ("x,y,z", ["--max-memory", "much"], "--max-memory is 'much', but it is a size of at least 1MiB", 2),
        ("x,y,z", ["--backend", "fortran"], "backend 'fortran' is unknown", 1),
        ("x,y,z", ["-o", "o.txt"], "has no known format", 2),
    ],
)
def test_refusals(cli, write, header, options, said, code):
    source = write("p.csv", f"{header}\n1,2,3\n")
    assert said in cli("neighbors", source, "-r", 1, *options, code=code)


@pytest.mark.parametrize("value", ["", "abc", "nan", "inf", "1e400", "1e151"])
def test_rows_that_are_no_points(cli, cli_json, write, tmp_path, value):
    source = write("p.csv", f"n,x,y\n1,0,0\n2,0,{value}\n3,0,1\n")
    said = cli("neighbors", source, "-r", 1, "-o", tmp_path / "o.csv", code=1)
    assert "row 2: y is " in said
    assert "leave such rows out with --skip-invalid" in said
    assert not (tmp_path / "o.csv").exists()
    said = cli("neighbors", source, "-r", 1, "-o", tmp_path / "o.parquet", "--skip-invalid")
    assert table(tmp_path / "o.parquet") == {"i": [0], "j": [2], "distance": [1.0]}
    assert "rows left out for want of finite coordinates: 1" in said
    cli("neighbors", source, "-r", 1, "-o", tmp_path / "c.parquet", "--skip-invalid", "--count")
    assert table(tmp_path / "c.parquet")["neighbors"] == [1, None, 1]
    cli("neighbors", source, "-r", 1, "-o", tmp_path / "c.npy", "--skip-invalid", "--count")
    assert np.load(tmp_path / "c.npy").tolist() == [1, -1, 1]


@pytest.mark.parametrize("count", [False, True])
@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npy"])
def test_no_rows_and_one_row(cli, cli_json, write, tmp_path, suffix, count):
    for text in ("x,y\n", "x,y\n1,2\n"):
        source = write("p.csv", text)
        cli("neighbors", source, "-r", 1, "-o", tmp_path / f"o{suffix}", *(["--count"] if count else []))
        found = table(tmp_path / f"o{suffix}")
        assert suffix == ".npy" or len(found["neighbors" if count else "i"]) == (count and len(text) > 5)
        assert cli_json("neighbors", source, "-r", 1)["pairs"] == 0


def test_numpy_arrays(cli, cli_json, tmp_path):
    for array in (np.zeros((5, 3)), np.zeros((5, 2), "f4"), np.zeros((5, 3), ">f8"), np.zeros((5, 2), int)):
        np.save(tmp_path / "p.npy", array)
        found = cli_json("neighbors", tmp_path / "p.npy", "-r", 0)
        assert (found["pairs"], found["dimensions"]) == (10, array.shape[1])
    for array in (np.zeros((5, 4)), np.zeros((5, 1)), np.zeros(6)):
        np.save(tmp_path / "p.npy", array)
        assert "give a (n, 2) or (n, 3) array of x, y, z" in cli("neighbors", tmp_path / "p.npy", "-r", 0, code=1)
    np.save(tmp_path / "p.npy", np.zeros(5, [("Y", "f4"), ("x", "i8"), ("t", "U3")]))
    assert cli_json("neighbors", tmp_path / "p.npy", "-r", 0)["pairs"] == 10


def test_airports(cli, tmp_path):
    """Degrees are no plane, so they are taken only where they are named; SciPy finds the same pairs."""
    from scipy.spatial import cKDTree

    source = data_file("airportsdata", "airports.csv")
    assert "the column of x cannot be guessed" in cli("neighbors", source, "-r", 0.1, code=1)
    named = ["--x", "lon", "--y", "lat"]
    cli("neighbors", source, "-r", 0.1, *named, "-o", tmp_path / "o.npy")
    cli("neighbors", source, "-r", 0.1, *named, "-o", tmp_path / "o.parquet", "--count")
    counted = table(tmp_path / "o.parquet")
    points = np.stack([counted["lon"], counted["lat"]], axis=1)
    i, j = cKDTree(points).query_pairs(0.1 + 1e-9, output_type="ndarray").T
    d = points[i] - points[j]
    inside = d[:, 0] * d[:, 0] + d[:, 1] * d[:, 1] <= 0.1 * 0.1
    i, j = i[inside], j[inside]
    found = np.load(tmp_path / "o.npy")
    assert set(zip(found["i"].tolist(), found["j"].tolist(), strict=True)) == set(
        zip(i.tolist(), j.tolist(), strict=True)
    )
    np.testing.assert_array_equal(counted["neighbors"], np.bincount([*i, *j], minlength=len(points)))


def test_parquet_types(cli, tmp_path):
    columns = {"x": pa.array([1, 2], pa.int32()), "y": pa.array(["3", "3"]), "t": pa.array([["a"], None])}
    source = pa.table(columns).replace_schema_metadata({"origin": "test"})
    pq.write_table(source, tmp_path / "p.parquet")
    cli("neighbors", tmp_path / "p.parquet", "-r", 1, "--count", "-o", tmp_path / "o.parquet")
    found = pq.read_table(tmp_path / "o.parquet")
    assert found.drop_columns(["neighbors"]).equals(source)
    assert found["neighbors"].to_pylist() == [1, 1]


@pytest.mark.parametrize(
    ("text", "size"),
    [("1MiB", 2**20), ("2GB", 2 * 10**9), ("1.5 gib", 3 * 2**29), ("2000000", 2_000_000), ("64m", 64_000_000)],
)
def test_sizes(text, size):
    assert memory(text) == size
