"""Point clouds in PLY, XYZ and GRO files: what is read, and one sentence for what is not."""

from pathlib import Path

import numpy as np
import pytest
from tables import data_file, table

from ferrumba.cli import readers
from ferrumba.cli.console import Failure
from ferrumba.cli.readers import CLOUDS, open_reader

TYPES = {"x": "f4", "y": "f8", "z": "f4", "a": "i1", "b": "u1", "c": "i2", "d": "u2", "e": "i4", "f": "u4"}


def read(path):
    """Return a file's columns and its reader."""
    reader = open_reader(path, ("x", "y", "z"), formats=CLOUDS, fewest=2)
    batches = list(reader.batches())
    assert reader.done() <= reader.total or reader.texts
    names = reader.schema.names
    return {name: [value for b in batches for value in b.column(name).to_pylist()] for name in names}, reader


def vertices(rows):
    """Return an array with every type that PLY knows, at its extremes and between."""
    rng = np.random.default_rng(rows)
    array = np.zeros(rows, list(TYPES.items()))
    for name, kind in TYPES.items():
        if kind[0] == "f":
            array[name] = rng.normal(size=rows)
        else:
            limits = np.iinfo(kind)
            array[name] = rng.integers(limits.min, limits.max, rows, endpoint=True)
            array[name][:2] = limits.min, limits.max
    return array


@pytest.mark.parametrize("form", ["ascii", "little", "big"])
@pytest.mark.parametrize("before", [False, True])
def test_ply_equals_plyfile(tmp_path, monkeypatch, form, before):
    """Every type, in every form, with other elements around, over many pieces."""
    plyfile = pytest.importorskip("plyfile")
    monkeypatch.setattr(readers, "ROWS", 7)
    array = vertices(40)
    camera = plyfile.PlyElement.describe(np.array([(1, 2.5)] * 3, [("id", "u2"), ("f", "f8")]), "camera")
    face = np.empty(2, [("vertex_indices", object)])
    face["vertex_indices"] = [np.arange(3, dtype="i4"), np.arange(4, dtype="i4")]
    parts = [plyfile.PlyElement.describe(array, "vertex"), plyfile.PlyElement.describe(face, "face")]
    parts = [camera, *parts] if before else parts
    order = {"ascii": "=", "little": "<", "big": ">"}[form]
    path = tmp_path / "p.ply"
    plyfile.PlyData(parts, text=form == "ascii", byte_order=order, comments=["element vertex 9"]).write(str(path))
    found, reader = read(path)
    expected = plyfile.PlyData.read(str(path))["vertex"].data
    assert reader.total == 40
    for name, kind in TYPES.items():
        assert reader.schema.field(name).type.to_pandas_dtype() == np.dtype(kind)
        np.testing.assert_array_equal(np.array(found[name], kind), expected[name])


@pytest.mark.parametrize("name", ["airplane", "ant", "nut", "sphere"])
def test_real_ply(name):
    path = data_file("pyvista", f"examples/{name}.ply")
    plyfile = pytest.importorskip("plyfile")
    found, _ = read(path)
    expected = plyfile.PlyData.read(str(path))["vertex"].data
    for axis in "xyz":
        np.testing.assert_array_equal(found[axis], expected[axis])


HEADER = (
    "ply\nformat {} 1.0\ncomment made by hand\nelement vertex {}\n"
    "property float x\nproperty uchar red\nproperty float y\n"
)
PLY = HEADER.format("ascii", 2) + "end_header\n1 255 2\n3.5 0 -4e1\n"


def test_ply_with_carriage_returns_and_trailing_blanks(write):
    text = PLY.replace("\n", " \r\n") + "\r\n  \r\n"
    assert read(write("p.ply", text))[0] == {"x": [1.0, 3.5], "red": [255, 0], "y": [2.0, -40.0]}
    assert read(write("P.PLY", text))[0]["y"] == [2.0, -40.0]


BINARY = HEADER.format("binary_little_endian", 3).encode() + b"end_header\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"x,y,z\n1,2,3\n", "is no PLY file: its first line is not 'ply'"),
        (b"ply\nformat ascii 1.0\nelement vertex 3\n", "has no whole PLY header: it ends without end_header"),
        (b"ply\nelement vertex 3\nproperty float x\nend_header\n", "'end_header' is not understood"),
        (b"ply\nformat ascii 2.0\nend_header\n", "line 2: 'format ascii 2.0' is not understood in a PLY header"),
        (b"ply\nformat ascii 1.0\nelement vertex -1\nend_header\n", "line 3: 'element vertex -1' is not understood"),
        (b"ply\nformat ascii 1.0\nproperty float x\nend_header\n", "line 3: 'property float x' is not understood"),
        (PLY.replace("float y", "quad y").encode(), "line 7: 'property quad y' is not understood"),
        (PLY.replace("float y", "float x").encode(), "two properties called 'x' in vertex"),
        (PLY.replace("uchar red", "list uchar int red").encode(), "has a list in its vertices (red)"),
        (PLY.replace("vertex 2", "point 2").encode(), "has no vertices"),
        (PLY.replace("vertex 2", "vertex 5").encode(), "is cut off: it has 2 of the 5 vertices that it announces"),
        (PLY.replace("1 255 2", "1 255").encode(), "vertex 1: 2 values where the header has 3"),
        (PLY.replace("3.5 0", "3.5 256").encode(), "vertex 2: red is '256', but the header says uint8"),
        (PLY.replace("3.5 0", "3.5 99999999999999999999").encode(), "vertex 2: red is '99999999999999999999'"),
        (PLY.replace("3.5", "3,5").encode(), "vertex 2: x is '3,5', but the header says float32"),
        (BINARY + bytes(26), "is cut off: it has 2 of the 3 vertices that it announces"),
        (
            BINARY.replace(b"element vertex", b"element face 1\nproperty list uchar int i\nelement vertex"),
            "has lists (face) before its vertices",
        ),
        (bytes(range(256)) * 600, "is no PLY file"),
    ],
)
def test_broken_ply(cli, write, tmp_path, content, said):
    target = tmp_path / "o.parquet"
    assert said in cli("neighbors", write("p.ply", content), "-r", 1, "-o", target, code=1)
    assert not target.exists()


def test_ply_that_shrinks_while_it_is_read(write):
    path = write("p.ply", BINARY + bytes(27))
    reader = open_reader(path, ("x",), formats=CLOUDS)
    path.write_bytes(BINARY + bytes(10))
    with pytest.raises(Failure, match="is cut off: it has 1 of the 3"):
        list(reader.batches())


def test_ply_without_coordinates(cli, write):
    text = "ply\nformat ascii 1.0\nelement vertex 1\nend_header\n\n"
    assert "the column of x cannot be guessed" in cli("neighbors", write("p.ply", text), "-r", 1, code=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 2 3\n4 5 6\n", {"x": ["1", "4"], "y": ["2", "5"], "z": ["3", "6"]}),
        ("# cloud\n// x y\n\n 1\t2  \r\n\r\n4 5\r\n", {"x": ["1", "4"], "y": ["2", "5"]}),
        ("1;2;3;0.50;\n4; 5;6;x;\n", {"x": ["1", "4"], "y": ["2", "5"], "z": ["3", "6"], "column_4": ["0.50", "x"]}),
        ("1,2,3\n4,5,\n", None),
        (
            "2\nwater\nO 0 0 0\nH 1.0 0 0\n\n",
            {"element": ["O", "H"], "x": ["0", "1.0"], "y": ["0"] * 2, "z": ["0"] * 2},
        ),
        ("0\nnothing\n", {"element": [], "x": [], "y": [], "z": []}),
        (
            '1\nProperties=pos:R:3:id:I:1:v:R:2 Lattice="4 0 0 0 5 0 0 0 6"\n1 2 3 7 8 9\n',
            {"x": ["1"], "y": ["2"], "z": ["3"], "id": ["7"], "v_1": ["8"], "v_2": ["9"]},
        ),
    ],
)
def test_xyz(write, text, expected):
    path = write("p.xyz", text)
    if expected is None:
        with pytest.raises(Failure, match="row 2: 2 fields where there should be 3"):
            read(path)
    else:
        assert read(path)[0] == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("hello\n", "begins with 'hello'; give rows of x, y and z"),
        ("1 2 3\n4 5\n", "row 2: 2 fields where there should be 3 ('4 5'); correct the file"),
        ("3\nwater\nO 0 0 0\nH 1 0 0\n", "is cut off: it has 2 of the 3 atoms that it announces"),
        ("1\nfirst\nO 0 0 0\n1\nsecond\nO 0 0 0\n", "goes on after its first frame ('1')"),
        ("1\nfirst\n0 0 0\n", "begins with '0 0 0'; give an element and x, y, z"),
        ('1\nLattice="1 2 3"\nO 0 0 0\n', "is no lattice of nine numbers"),
        ('1\nLattice="1 0 0 0 1 0 0.5 0 1"\nO 0 0 0\n', "has a triclinic box"),
        (b"1 2 \xe9\n", "is not UTF-8 text"),
        (b"1 2 3\n4 5 \xe9\n" * 9000, "is not UTF-8 text"),
        ("1" * 70_000, "has a line of more than 64 KiB, which no point cloud has"),
        ("1 2 x\n", "row 1: z is 'x', but a coordinate is a finite number"),
    ],
)
def test_broken_xyz(cli, write, content, said):
    assert said in cli("neighbors", write("p.xyz", content), "-r", 1, code=1)


def test_xyz_lattice_is_periodic(cli_json, write):
    text = '2\nLattice="4 0 0 0 4 0 0 0 4" pbc="T T {}"\nO 0.5 1 0.25\nH 3.5 1 {}\n'
    assert cli_json("neighbors", write("p.xyz", text.format("F", 0.25)), "-r", 1)["pairs"] == 1
    assert cli_json("neighbors", write("p.xyz", text.format("F", 3.75)), "-r", 1.2)["pairs"] == 0
    assert cli_json("neighbors", write("p.xyz", text.format("T", 3.75)), "-r", 1.2)["pairs"] == 1
    assert cli_json("neighbors", write("p.xyz", text.format("T", 3.75)), "-r", 1.2, "--open")["pairs"] == 0


def test_real_xyz_with_many_frames(cli):
    path = data_file("MDAnalysisTests", "data/2r9r-1b.xyz")
    assert "goes on after its first frame ('1284')" in cli("neighbors", path, "-r", 2, code=1)


ATOM = "    1SOL     OW    1   0.230   0.628   0.113"
GRO = f"water\n 2\n{ATOM}\n    1SOL    HW1    2   3.937   0.626   0.150  0.0000  0.0100 -0.0200\n"


def test_gro(write):
    found, reader = read(write("p.gro", GRO + "   4.00000   4.00000   4.00000\n"))
    assert found["atom_name"] == ["OW", "HW1"]
    assert found["x"] == ["0.230", "3.937"]
    assert list(found) == ["residue_number", "residue_name", "atom_name", "atom_number", "x", "y", "z"]
    assert reader.box == ((4.0, 0.0, 0.0), (0.0, 4.0, 0.0), (0.0, 0.0, 4.0))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a\nb\nc\n", "line 2: 'b' is no number of atoms; it is no GRO file"),
        (GRO, "is cut off: the line with the box is missing"),
        (GRO.replace(" 2\n", " 3\n", 1), "is cut off: it has 2 of the 3 atoms"),
        (GRO.replace(" 2\n", " 1\n", 1), "is no box of three or nine numbers"),
        (GRO + "1 2\n", "'1 2' is no box of three or nine numbers"),
        (GRO + "4.0 4.0 4.0\nmore\n2\n", "goes on after its first frame ('more')"),
        (f"x\n1\n{ATOM[:30]}\n1 1 1\n", "holds no coordinates"),
        (f"x\n2\n{ATOM}\n{ATOM[:38]}\n1 1 1\n", "row 2: '1SOL OW 1 0.230 0.628' holds no three coordinates"),
    ],
)
def test_broken_gro(cli, write, content, said):
    assert said in cli("neighbors", write("p.gro", content), "-r", 1, code=1)


def test_gro_box(cli_json, write):
    square = write("p.gro", GRO + "   4.00000   4.00000   4.00000\n")
    assert cli_json("neighbors", square, "-r", 0.5)["box"] == [4.0] * 3
    assert cli_json("neighbors", square, "-r", 0.5)["pairs"] == 1
    assert cli_json("neighbors", square, "-r", 0.5, "--open")["pairs"] == 0
    assert cli_json("neighbors", square, "-r", 0.5, "--box", "8,4,4")["pairs"] == 0
    touching = write("t.gro", GRO + "40000.0000040000.0000040000.00000")
    assert cli_json("neighbors", touching, "-r", 0.5)["box"] == [40000.0] * 3
    assert cli_json("neighbors", write("n.gro", GRO + "0 0 0"), "-r", 0.5)["box"] is None


def test_real_gro(cli, cli_json, tmp_path):
    """47,681 atoms in a triclinic box: nothing without --open, and SciPy's pairs with it."""
    from scipy.spatial import cKDTree

    path = data_file("MDAnalysisTests", "data/adk_oplsaa.gro")
    said = cli("neighbors", path, "-r", 0.25, "-o", tmp_path / "o.npy", code=1)
    assert "has a triclinic box, but only boxes with right angles are periodic here; pass --open" in said
    assert "has a triclinic box" in cli("neighbors", path, "-r", 0.25, "--box", "8,8,5.6", code=1)
    cli("neighbors", path, "-r", 0.25, "-o", tmp_path / "o.npy", "--open")
    found = np.load(tmp_path / "o.npy")
    lines = Path(path).read_text().splitlines()[2:-1]
    points = np.array([[float(line[20:28]), float(line[28:36]), float(line[36:44])] for line in lines])
    expected = cKDTree(points).query_pairs(0.25 + 1e-9, output_type="ndarray")
    d = points[expected[:, 0]] - points[expected[:, 1]]
    inside = (d[:, 0] * d[:, 0] + d[:, 1] * d[:, 1]) + d[:, 2] * d[:, 2] <= 0.25 * 0.25
    expected = np.sort(expected[inside], axis=1)
    expected = expected[np.lexsort(expected.T[::-1])]
    pairs = np.stack([found["i"], found["j"]], axis=1)  # in the order of space
    np.testing.assert_array_equal(pairs[np.lexsort(pairs.T[::-1])], expected)


@pytest.mark.parametrize("name", ["grovels", "two_water_gro_widebox", "huge_box", "coordinates/test"])
def test_other_real_gro(cli_json, name):
    path = data_file("MDAnalysisTests", f"data/{name}.gro")
    assert cli_json("neighbors", path, "-r", 0.2, "--open")["points"] == int(Path(path).read_text().split("\n")[1])


def test_clouds_are_no_output_and_no_coordinates_on_the_sphere(cli, write, tmp_path):
    source = write("p.ply", PLY)
    assert "the output" in cli("decimate", source, "-r", 1, "-o", tmp_path / "o.ply", code=2)
    assert "has no known format" in cli("encode", source, "-o", tmp_path / "o.csv", code=2)
    cli("decimate", source, "-r", 1, "-o", tmp_path / "o.csv")
    assert table(tmp_path / "o.csv") == {"x": ["1", "3.5"], "red": ["255", "0"], "y": ["2", "-40"]}
