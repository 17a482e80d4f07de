"""``ferrumba decode``: the way back."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tables import table

from ferrumba import healpix

LON, LAT = np.array([2.5, 166.67, 300.0]), np.array([1.5, -77.85, 89.0])


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npy"])
@pytest.mark.parametrize("scheme", ["morton", "nested", "uniq"])
def test_there_and_back(cli, tmp_path, suffix, scheme):
    """Ids come back from the centres of their cells, through every format, bit by bit."""
    np.save(tmp_path / "p.npy", np.stack([LON, LAT], axis=1))
    order = ["--order", 12] if scheme == "nested" else []
    cli("encode", tmp_path / "p.npy", "-o", tmp_path / "ids.npy", "--scheme", scheme, "--order", 12)
    cli("decode", tmp_path / "ids.npy", "--scheme", scheme, *order, "-o", tmp_path / f"c{suffix}")
    cli(
        "encode",
        tmp_path / f"c{suffix}",
        "--column",
        "again",
        "-o",
        tmp_path / "again.npy",
        "--scheme",
        scheme,
        "--order",
        12,
    )
    np.testing.assert_array_equal(np.load(tmp_path / "again.npy"), np.load(tmp_path / "ids.npy"))


def test_column_guessed_and_others_kept(cli, write, tmp_path):
    ids = healpix.lonlat_to_morton(LON, LAT, 9)
    rows = "".join(f"00{i},{cell}\n" for i, cell in enumerate(ids))
    said = cli("decode", write("p.csv", "code,Morton\n" + rows), "-o", tmp_path / "o.parquet", "--backend", "numba")
    found = table(tmp_path / "o.parquet")
    lon, lat = healpix.morton_to_lonlat(ids)
    assert list(found) == ["code", "Morton", "lon", "lat"]
    assert found["code"] == ["000", "001", "002"]
    assert found["lon"] == lon.tolist()
    assert found["lat"] == lat.tolist()
    assert "decoded 3 rows" in said


@pytest.mark.parametrize(
    ("header", "options", "new"),
    [
        ("lat,lon,morton", [], ["lon_centre", "lat_centre"]),
        ("lat,b,morton", [], ["lon_centre", "lat_centre"]),
        ("Latitude,Longitude,morton", [], ["lon", "lat"]),
        ("lat,lon,morton", ["--lon", "cell_lon"], ["cell_lon", "lat_centre"]),
        ("lat,lon,morton", ["--lon", "cell_lon", "--lat", "cell_lat"], ["cell_lon", "cell_lat"]),
    ],
)
def test_coordinates_are_kept_beside_centres(cli, write, tmp_path, header, options, new):
    cli("decode", write("p.csv", f"{header}\n1,2,11\n"), "-o", tmp_path / "o.csv", *options)
    assert list(table(tmp_path / "o.csv")) == [*header.split(","), *new]


def test_decode_of_what_encode_wrote(cli, write, tmp_path):
    cli("encode", write("p.csv", "lat,lon\n1.5,2.5\n-77.85,166.67\n"), "--order", 9, "-o", tmp_path / "e.parquet")
    cli("decode", tmp_path / "e.parquet", "-o", tmp_path / "o.parquet")
    found = table(tmp_path / "o.parquet")
    assert list(found) == ["lat", "lon", "morton", "lon_centre", "lat_centre"]
    lon, lat = healpix.morton_to_lonlat(found["morton"])
    assert (found["lon_centre"], found["lat_centre"]) == (lon.tolist(), lat.tolist())
    assert found["lat"] == [1.5, -77.85]


def test_coordinates_are_not_overwritten(cli, write, tmp_path):
    source = write("p.csv", "lat,lon,morton,lon_centre\n1,2,11,3\n")
    said = cli("decode", source, "-o", tmp_path / "o.csv", code=1)
    assert "would get a second column lon_centre, and keeps what it has; name the new with --lon NAME" in said
    said = cli("decode", source, "-o", tmp_path / "o.csv", "--lon", "lon", code=1)
    assert "would get a second column lon, and keeps what it has" in said


@pytest.mark.parametrize(
    ("header", "options", "said", "code"),
    [
        ("a,b", [], "the column of cell ids cannot be guessed; name it with --column NAME; the columns are a, b", 1),
        ("morton,uniq", [], "the column of cell ids could be morton or uniq", 1),
        ("nested,b", [], "nested ids, which do not tell their order; give it with --order", 2),
        ("morton,b", ["--order", "3"], "morton ids carry their own", 2),
        ("nested,b", ["--order", "30"], "nested ids have orders 0 to 29", 2),
    ],
)
def test_refusals(cli, write, tmp_path, header, options, said, code):
    assert said in cli("decode", write("p.csv", f"{header}\n11,11\n"), "-o", tmp_path / "o.csv", *options, code=code)
    assert not (tmp_path / "o.csv").exists()


BAD = 'morton\n11\n15\nabc\n99999999999999999999\n""\n+12\n0x11\n1.0\n'


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("15", "row 1: morton is 15, which is no decimal Morton id"),
        ("1.0", "row 1: morton is '1.0', but a cell id is a 64-bit integer"),
        ('""', "row 1: morton is empty"),
        ("9223372036854775808", "row 1: morton is '9223372036854775808', but a cell id"),
    ],
)
def test_bad_ids_raise(cli, write, tmp_path, value, said):
    assert said in cli("decode", write("p.csv", f"morton\n{value}\n"), "-o", tmp_path / "o.csv", code=1)


def test_bad_ids_masked_or_nan(cli, write, tmp_path):
    cli("decode", write("p.csv", BAD), "-o", tmp_path / "o.parquet", "--invalid", "mask")
    bad = [False, True, True, True, True, False, True, True]
    assert [value is None for value in table(tmp_path / "o.parquet")["lon"]] == bad
    cli("decode", tmp_path / "p.csv", "-o", tmp_path / "o.npy", "--invalid", "sentinel")
    assert np.isnan(np.load(tmp_path / "o.npy")[:, 1]).tolist() == bad


def test_bad_uniq_and_nested(cli, write, tmp_path):
    source = write("p.csv", "uniq,nested\n3,-1\n4,0\n")
    said = cli("decode", source, "--column", "uniq", "-o", tmp_path / "o.csv", code=1)
    assert "row 1: uniq is 3, but UNIQ ids run from 4" in said
    said = cli("decode", source, "--column", "nested", "--order", 0, "-o", tmp_path / "o.csv", code=1)
    assert "row 1: nested is -1, but ids at order 0 run from 0 to 11" in said


@pytest.mark.parametrize("kind", [pa.int32(), pa.uint64(), pa.int64(), pa.string()])
def test_integer_types(cli, tmp_path, kind):
    pq.write_table(pa.table({"cell": pa.array([11, 12], pa.int64()).cast(kind)}), tmp_path / "p.parquet")
    cli("decode", tmp_path / "p.parquet", "--column", "cell", "-o", tmp_path / "o.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "o.npy"), np.stack(healpix.morton_to_lonlat([11, 12]), axis=1))


def test_floats_are_no_ids(cli, tmp_path):
    """Ids of order 16 and finer do not survive as float64, so none are taken."""
    pq.write_table(pa.table({"morton": [11.0]}), tmp_path / "p.parquet")
    said = cli("decode", tmp_path / "p.parquet", "-o", tmp_path / "o.npy", code=1)
    assert "is of type double, but cell ids are 64-bit integers" in said


def test_huge_unsigned_ids(cli, tmp_path):
    pq.write_table(pa.table({"morton": pa.array([11, 2**63], pa.uint64())}), tmp_path / "p.parquet")
    assert "row 2: morton is 9223372036854775808" in cli(
        "decode", tmp_path / "p.parquet", "-o", tmp_path / "o.npy", code=1
    )
