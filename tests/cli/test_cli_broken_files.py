"""Files that cannot be read or written: one sentence, exit code 1 or 2, nothing written, nothing harmed."""

import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

GOOD = "name,lat,lon\na,10,20\nb,11,21\nc,12,22\n"


@pytest.fixture(params=["absent", "present"])
def output(request, tmp_path):
    """Return the path of an output; where one is there already, it must be untouched after the test."""
    folder = tmp_path / "out"
    folder.mkdir()
    path = folder / "o.csv"
    if request.param == "present":
        path.write_text("precious")
    yield path
    assert [f.name for f in folder.iterdir()] == (["o.csv"] if request.param == "present" else [])
    assert request.param == "absent" or path.read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("p.csv", b"", "is empty"),
        ("p.csv", b"\n\n", "is empty; a CSV file begins with a line of column names"),
        ("p.csv", GOOD.encode() + b"d,13\n", "row 4: 2 fields where the header has 3 ('d,13')"),
        ("p.csv", GOOD.encode() + b"\n\nd,13,23,9\n", "row 4: 4 fields where the header has 3"),
        ("p.csv", GOOD.replace("b,", "b\xe9,").encode("latin-1"), "is not UTF-8 text (line 3); convert it first"),
        ("p.csv", GOOD.replace("name", "nam\xe9").encode("latin-1"), "is not UTF-8 text (line 1)"),
        ("p.csv", GOOD.encode("utf-16"), "is not UTF-8 text (line 1)"),
        ("p.csv", b'lat,lon,t\n1,2,"' + b"never closed\n" * 400_000, "look for a quote that is not closed"),
        ("p.csv", b'lat,lon,t\n1,2,"not closed\n3,4,x\n', "has a quote in its last column that is not closed"),
        ("p.csv", b"PAR1" + bytes(range(256)) * 8, "p.csv"),
        ("p.parquet", GOOD.encode(), "is not a whole Parquet file"),
        ("p.parquet", b"PAR1", "is not a whole Parquet file"),
        ("p.npy", b"\x93NUMPY", "is not a whole NPY file"),
        ("p.npy", GOOD.encode(), "is not a whole NPY file"),
        ("p.txt", GOOD.encode(), "has no known format; let its name end in one of .csv, .parquet, .pq, .npy"),
    ],
)
def test_broken_content(cli, write, output, name, content, said):
    assert said in cli("encode", write(name, content), "-o", output, code=2 if name == "p.txt" else 1)


def test_truncated_parquet(cli, tmp_path, output):
    rng = np.random.default_rng(0)
    pq.write_table(
        pa.table({"lat": rng.uniform(-90, 90, 5000), "lon": rng.uniform(0, 360, 5000)}), tmp_path / "p.parquet"
    )
    whole = (tmp_path / "p.parquet").read_bytes()
    (tmp_path / "p.parquet").write_bytes(whole[: len(whole) // 2])
    assert "is not a whole Parquet file" in cli("encode", tmp_path / "p.parquet", "-o", output, code=1)
    damaged = whole[:100] + bytes(len(whole) // 2) + whole[100 + len(whole) // 2 :]
    (tmp_path / "p.parquet").write_bytes(damaged)
    assert "is damaged after row 0" in cli("encode", tmp_path / "p.parquet", "-o", output, code=1)


def test_truncated_npy(cli, tmp_path, output):
    np.save(tmp_path / "p.npy", np.zeros((1000, 2)))
    whole = (tmp_path / "p.npy").read_bytes()
    (tmp_path / "p.npy").write_bytes(whole[:-100])
    assert "is not a whole NPY file" in cli("encode", tmp_path / "p.npy", "-o", output, code=1)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((4, 3)), "holds an array of shape (4, 3); give a (n, 2) array of lon, lat"),
        (np.zeros(4), "holds an array of shape (4,)"),
        (np.zeros((2, 2), object), "is not a whole NPY file"),
        (np.zeros((2, 2), complex), "has a field that a table cannot hold"),
        (np.zeros((2, 2), bool), "is of type bool, but coordinates are numbers"),
        (np.zeros((2, 2), [("lat", "f8"), ("lon", "f8")]), "give a 1-D one"),
        (np.zeros(2, [("lat", "f8", 3), ("lon", "f8")]), "has a field that a table cannot hold"),
    ],
)
def test_arrays_that_are_no_points(cli, tmp_path, output, array, said):
    np.save(tmp_path / "p.npy", array)
    assert said in cli("encode", tmp_path / "p.npy", "-o", output, code=1)


def test_types_that_are_no_coordinates(cli, tmp_path, output):
    pq.write_table(pa.table({"lat": pa.array([0], pa.date32()), "lon": [0]}), tmp_path / "p.parquet")
    assert "column 'lat' of" in cli("encode", tmp_path / "p.parquet", "-o", output, code=1)


def test_columns_that_csv_cannot_hold(cli, tmp_path, output):
    pq.write_table(pa.table({"lat": [0], "lon": [0], "tags": [["a"]]}), tmp_path / "p.parquet")
    assert "a CSV file cannot hold these columns" in cli("encode", tmp_path / "p.parquet", "-o", output, code=1)


def test_missing_input_and_folders(cli, tmp_path, output):
    assert "does not exist" in cli("encode", tmp_path / "p.csv", "-o", output, code=1)
    (tmp_path / "d.csv").mkdir()
    assert "is no regular file" in cli("encode", tmp_path / "d.csv", "-o", output, code=1)


def test_impossible_outputs(cli, write, tmp_path):
    source = write("p.csv", GOOD)
    assert "does not exist; make it first" in cli("encode", source, "-o", tmp_path / "no" / "o.csv", code=1)
    assert "has no known format" in cli("encode", source, "-o", tmp_path / "o.txt", code=2)
    assert "is the input itself" in cli("encode", source, "-o", source, code=1)
    (tmp_path / "link.csv").symlink_to(source)
    assert "is the input itself" in cli("encode", source, "-o", tmp_path / "link.csv", code=1)
    (tmp_path / "d.csv").mkdir()
    assert "is no regular file; name another" in cli("encode", source, "-o", tmp_path / "d.csv", code=1)
    assert source.read_text() == GOOD


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_permission(cli, write, tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    assert "Permission denied" in cli("encode", write("p.csv", GOOD), "-o", folder / "o.csv", code=1)


@pytest.mark.parametrize(
    ("options", "said", "code"),
    [
        (["--order", "19"], "--order is 19, but morton ids have orders 0 to 18", 2),
        (["--order", "-1"], "--order is -1", 2),
        (["--order", "x"], "--order", 2),
        (["--scheme", "nested", "--order", "30"], "nested ids have orders 0 to 29", 2),
        (["--scheme", "hilbert"], "hilbert", 2),
        (["--invalid", "drop"], "drop", 2),
        (["--threads", "0"], "--threads", 2),
        (["--delimiter", "::"], "one ASCII character separates fields", 2),
        (["--backend", "fortran"], "backend 'fortran' is unknown; choose from", 1),
        (["--nonsense"], "--nonsense", 2),
    ],
)
def test_wrong_options(cli, write, output, options, said, code):
    assert said in cli("encode", write("p.csv", GOOD), "-o", output, *options, code=code)


def test_existing_output_is_replaced_and_keeps_its_mode(cli, write, tmp_path):
    target = tmp_path / "o.csv"
    target.write_text("old")
    target.chmod(0o640)
    cli("encode", write("p.csv", GOOD), "-o", target)
    assert target.read_text().startswith('"name","lat","lon","morton"')
    assert sys.platform == "win32" or target.stat().st_mode & 0o777 == 0o640
    (tmp_path / "link.parquet").symlink_to(tmp_path / "real.parquet")
    cli("encode", write("p.csv", GOOD), "-o", tmp_path / "link.parquet")
    assert (tmp_path / "link.parquet").is_symlink()
    assert (tmp_path / "real.parquet").is_file()
