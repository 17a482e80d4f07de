"""Whatever a public function is given, it answers rightly or raises TypeError or ValueError; it never crashes."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import ferrumba
from ferrumba import healpix

POLICIES = ("raise", "mask", "sentinel")
INT64 = np.iinfo(np.int64)

# Each public function with the arguments of two valid rows; the last one is named for those with an order or levels.
FUNCTIONS = {
    "lonlat_to_nested": ([10.0, 20.0], [30.0, -40.0], 5),
    "nested_to_lonlat": ([0, 12287], 5),
    "lonlat_to_morton": ([10.0, 20.0], [30.0, -40.0], 5),
    "morton_to_lonlat": ([11, -64],),
    "nested_to_morton": ([0, 12287], 5),
    "morton_to_nested": ([11, -64],),
    "morton_order": ([11, -64],),
    "morton_parent": ([1111, -6444], 2),
    "morton_children": ([11, -64], 1),
    "morton_contains": ([1, -6], [11, -64]),
    "morton_range": ([11, -64], 3),
    "neighbours": ([0, 12287], 5),
    "nested_to_uniq": ([0, 12287], 5),
    "uniq_to_nested": ([4, 8882],),
    "cell_vertices": ([0, 12287], 5),
}
NO_POLICY = {
    "is_morton": ([11, -64],),
    "cell_area": ([0, 29],),
    "resolution": ([0, 29],),
    "morton_search": ([11, 12], [1, 12]),
}
EVERY = FUNCTIONS | NO_POLICY
SENTINEL = {name: 0 for name in EVERY if name.startswith("morton_") or name.endswith("_to_morton")} | {
    "morton_to_nested": -1,
    "morton_order": -1,
    "lonlat_to_nested": -1,
    "neighbours": -1,
    "nested_to_uniq": -1,
    "uniq_to_nested": -1,
    "nested_to_lonlat": np.nan,
    "morton_to_lonlat": np.nan,
    "cell_vertices": np.nan,
    "morton_contains": False,
}


@pytest.fixture(scope="module", params=list(ferrumba.backends()))
def _backend(request):
    with ferrumba.use_backend(request.param):
        yield


each_backend = pytest.mark.usefixtures("_backend")


def call(name, *arguments, **keywords):
    return getattr(healpix, name)(*arguments, **keywords)


def first(results):
    return np.ma.asarray(results[0] if isinstance(results, tuple) else results)


def test_every_public_function_is_here():
    assert set(EVERY) == set(healpix.__all__)


# One wrong row among good ones: the matrix of inputs and policies.

BAD_LON = [np.nan, np.inf, -np.inf]
BAD_LAT = [*BAD_LON, 90.00000001, -90.00000001, np.nextafter(90.0, 91.0), np.nextafter(-90.0, -91.0), 1e300, -180.0]
BAD_NESTED = [-1, 12 * 4**5, INT64.min, INT64.max]
BAD_UNIQ = [0, 3, -4, 2**62, INT64.min, INT64.max]
BAD_MORTON = [0, 7, -9, 10, 15, 150, 1051, 7111111111111111111, INT64.min, INT64.max]
BAD_ROWS = [
    *[(name, 0, bad, "lon") for name in ("lonlat_to_nested", "lonlat_to_morton") for bad in BAD_LON],
    *[(name, 1, bad, "lat") for name in ("lonlat_to_nested", "lonlat_to_morton") for bad in BAD_LAT],
    *[
        (name, 0, bad, "nested")
        for name in ("nested_to_lonlat", "nested_to_morton", "nested_to_uniq", "neighbours", "cell_vertices")
        for bad in BAD_NESTED
    ],
    *[("uniq_to_nested", 0, bad, "uniq") for bad in BAD_UNIQ],
    *[
        (name, 0, bad, "morton")
        for name in (
            "morton_to_lonlat",
            "morton_to_nested",
            "morton_order",
            "morton_parent",
            "morton_children",
            "morton_range",
        )
        for bad in BAD_MORTON
    ],
    *[("morton_contains", 0, bad, "ancestor") for bad in BAD_MORTON],
    *[("morton_contains", 1, bad, "descendant") for bad in BAD_MORTON],
    *[("morton_parent", 0, bad, "order") for bad in (1, 11, -64)],  # coarser than the order asked for
    *[("morton_range", 0, bad, "order") for bad in (11111, -64111)],  # finer than the order asked for
    ("morton_children", 0, 1111111111111111111, "levels"),
]


@each_backend
@pytest.mark.parametrize(("name", "place", "bad", "named"), BAD_ROWS)
def test_one_wrong_row(name, place, bad, named):
    good = FUNCTIONS[name]
    row = good[place][0]
    values = [row, row, bad, row, bad]
    arguments = [
        np.array(values) if n == place else value[0] if isinstance(value, list) else value
        for n, value in enumerate(good)
    ]
    whole = first(call(name, *[[row] * 5 if n == place else value for n, value in enumerate(arguments)]))
    with pytest.raises(ValueError, match=rf"^at index 2: {named} is ") as caught:
        call(name, *arguments)
    assert "\n" not in str(caught.value)
    if named in ("lon", "lat", "nested", "uniq", "morton"):
        assert str(bad) in str(caught.value) or repr(float(bad)) in str(caught.value)
    sentinel = first(call(name, *arguments, invalid="sentinel")).data
    np.testing.assert_array_equal(sentinel[[0, 1, 3]], whole[[0, 1, 3]])
    np.testing.assert_array_equal(sentinel[[2, 4]], np.full_like(sentinel[[2, 4]], SENTINEL[name]))
    if name == "morton_contains":
        with pytest.raises(ValueError, match="use is_morton for the mask"):
            call(name, *arguments, invalid="mask")
    else:
        masked = first(call(name, *arguments, invalid="mask"))
        assert np.ma.getmaskarray(masked).reshape(5, -1).all(axis=1).tolist() == [False, False, True, False, True]
        np.testing.assert_array_equal(masked.data[[0, 1, 3]], whole.data[[0, 1, 3]])


@each_backend
@pytest.mark.parametrize("bad", [0, 7, -9, 10, 15, INT64.min, INT64.max])
def test_is_morton_answers_for_any_integer(bad):
    assert healpix.is_morton([11, bad]).tolist() == [True, False]


@each_backend
@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_wrong_scalar_and_its_place_in_a_grid(name):
    place = 1 if name.startswith("lonlat") else 0
    bad = (
        91.0
        if name.startswith("lonlat")
        else -(2**62)
        if "nested_" in name or name in ("neighbours", "cell_vertices")
        else 2**62
    )
    good = [value[0] if isinstance(value, list) else value for value in FUNCTIONS[name]]
    alone = [bad if n == place else value for n, value in enumerate(good)]
    with pytest.raises(ValueError, match=r"^(lat|nested|uniq|morton|ancestor) is "):
        call(name, *alone)
    grid = [np.full((2, 3), value) if n == place else value for n, value in enumerate(good)]
    grid[place][1, 2] = bad
    with pytest.raises(ValueError, match=r"^at index \(1, 2\): "):
        call(name, *grid)
    result = call(name, *alone, invalid="sentinel")
    np.testing.assert_array_equal(first(result).data, np.full_like(first(result).data, SENTINEL[name]))


ORDERED = [name for name, values in EVERY.items() if not isinstance(values[-1], list)] + ["cell_area", "resolution"]


@pytest.mark.parametrize("name", ORDERED)
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("bad", [-1, 30, 10**6, -(2**63), 2**63 - 1, 2**63, 2**100])
def test_orders_out_of_range_raise_under_every_policy(name, policy, bad):
    keywords = {} if name in NO_POLICY else {"invalid": policy}
    for order in (
        (bad,) if abs(bad) > INT64.max or name == "morton_children" else (bad, [5, bad], np.array([[5], [bad]]))
    ):
        with pytest.raises((ValueError, TypeError), match=r"order|levels"):
            call(name, *EVERY[name][:-1], order, **keywords)


@pytest.mark.parametrize("name", ORDERED)
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    "bad", [5.0, True, np.bool_(True), "5", None, 5j, np.float32(5), [5.0, 5.0], [True, False], object()]
)
def test_orders_that_are_no_integers_are_type_errors(name, policy, bad):
    keywords = {} if name in NO_POLICY else {"invalid": policy}
    with pytest.raises(TypeError, match=r"order|levels"):
        call(name, *EVERY[name][:-1], bad, **keywords)


# Kinds of arguments that are no numbers at all.

WRONG_KINDS = [
    "text",
    b"bytes",
    ["a", "b"],
    None,
    [None, 1],
    object(),
    1j,
    [1 + 0j, 2j],
    True,
    [True, False],
    {"a": 1},
    np.array(["2020", "2021"], dtype="M8[D]"),
    np.array([1, 2], dtype="m8[s]"),
    np.zeros(2, dtype=[("a", "f8")]),
    np.array([1, "a"], dtype=object),
    lambda: None,
]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("bad", WRONG_KINDS, ids=lambda bad: re.sub(" at 0x.*", "", repr(bad))[:30])
@pytest.mark.parametrize("name", EVERY)
def test_wrong_kinds_are_type_errors(name, bad, policy):
    keywords = {} if name in NO_POLICY else {"invalid": policy}
    for place in range(len(EVERY[name])):
        arguments = [bad if n == place else value for n, value in enumerate(EVERY[name])]
        if name == "morton_contains" and policy == "mask":
            continue
        with pytest.raises(TypeError):
            call(name, *arguments, **keywords)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_ids_that_are_floats_and_numbers_that_do_not_fit(name, policy):
    keywords = {"invalid": policy}
    if name == "morton_contains" and policy == "mask":
        return
    rest = FUNCTIONS[name][1:]
    if not name.startswith("lonlat"):
        with pytest.raises(TypeError, match="integers are needed"):
            call(name, [1.0, 2.0], *rest, **keywords)
        with pytest.raises(ValueError, match=r"holds 9223372036854775808, which does not fit int64"):
            call(name, np.array([1, 2**63], dtype=np.uint64), *rest, **keywords)
    with pytest.raises((TypeError, ValueError)):
        call(name, [2**64, 1], *rest, **keywords)
    with pytest.raises((TypeError, ValueError)):
        call(name, [[1, 2], [3]], *rest, **keywords)


@pytest.mark.parametrize("policy", ["ignore", "", None, 1, "RAISE"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_unknown_policies_raise(name, policy):
    with pytest.raises(ValueError, match="policies are 'raise', 'mask', 'sentinel'"):
        call(name, *FUNCTIONS[name], invalid=policy)


@pytest.mark.parametrize("name", [n for n in EVERY if n not in ("cell_area", "resolution", "morton_search")])
def test_wrong_out_arrays(name):
    results = call(name, *EVERY[name])
    several = isinstance(results, tuple)
    results = results if several else (results,)
    read_only = tuple(result.copy() for result in results)
    for result in read_only:
        result.flags.writeable = False
    for wrong, error in (
        (read_only, ValueError),
        (tuple(result.astype(np.float32) for result in results), ValueError),
        (tuple(result[:-1].copy() for result in results), ValueError),
        (tuple(result.tolist() for result in results), TypeError),
    ):
        with pytest.raises(error, match="out is "):
            call(name, *EVERY[name], out=wrong if several else wrong[0])
    with pytest.raises(ValueError, match="out holds"):
        call(name, *EVERY[name], out=(*results, results[0]))
    with pytest.raises((TypeError, ValueError), match="out "):
        call(name, *EVERY[name], out="here")


# Good values in unusual arrays give the answers of plain ones.


def unusual(values):
    """Yield a label and the same values in other clothes."""
    plain = np.array(values)
    dtype = plain.dtype
    yield "list", plain.tolist()
    yield "tuple", tuple(plain.tolist())
    yield "byte-swapped", plain.astype(dtype.newbyteorder())
    yield "strided", np.repeat(plain, 3)[::3]
    yield "backwards", plain[::-1].copy()[::-1]
    unaligned = np.frombuffer(b"\0" + plain.tobytes(), dtype=np.uint8)[1:].view(dtype)
    assert not unaligned.flags.aligned
    yield "unaligned", unaligned
    frozen = plain.copy()
    frozen.flags.writeable = False
    yield "read-only", frozen
    yield "masked without a mask", np.ma.array(plain)
    yield "subclass", np.rec.array(plain).view(np.recarray)
    yield "memoryview", memoryview(plain)
    if dtype == np.int64 and plain.min() >= 0:
        yield "uint64", plain.astype(np.uint64)
    if dtype == np.int64 and abs(plain).max() < 2**15:
        yield "int16", plain.astype(np.int16)


@each_backend
@pytest.mark.parametrize("name", EVERY)
def test_unusual_arrays_give_the_usual_answer(name):
    expected = call(name, *EVERY[name])
    for place, value in enumerate(EVERY[name]):
        if isinstance(value, list):
            for label, dressed in unusual(value):
                arguments = [dressed if n == place else other for n, other in enumerate(EVERY[name])]
                result = call(name, *arguments)
                for one, other in zip(*(r if isinstance(r, tuple) else (r,) for r in (result, expected)), strict=True):
                    np.testing.assert_array_equal(one, other, err_msg=f"{name}, {label} in place {place}")


@each_backend
@pytest.mark.parametrize("name", FUNCTIONS)
def test_masked_elements_are_invalid_rows(name):
    values = np.ma.array(FUNCTIONS[name][0], mask=[False, True])
    rest = FUNCTIONS[name][1:]
    with pytest.raises(ValueError, match="at index 1"):
        call(name, values, *rest)
    if name != "morton_contains":
        masked = first(call(name, values, *rest, invalid="mask"))
        assert np.ma.getmaskarray(masked).reshape(2, -1).all(axis=1).tolist() == [False, True]


@each_backend
@pytest.mark.parametrize("name", [n for n in EVERY if n != "morton_search"])
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_empty_arrays_give_empty_arrays(name, shape):
    empty = np.empty(shape, dtype=np.asarray(EVERY[name][0]).dtype)
    arguments = [empty if isinstance(value, list) else value for value in EVERY[name]]
    plain = call(name, *EVERY[name])
    for result, usual in zip(
        *(r if isinstance(r, tuple) else (r,) for r in (call(name, *arguments), plain)), strict=True
    ):
        assert result.shape == shape + usual.shape[1:]
        assert result.dtype == usual.dtype


# Anything at all.

ANY_DTYPE = st.one_of(
    hnp.scalar_dtypes(),
    hnp.unicode_string_dtypes(),
    hnp.byte_string_dtypes(),
    st.just(np.dtype(np.longdouble)),
    st.just(np.dtype(bool)),
)
ANY_ARRAY = ANY_DTYPE.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
)
LIKELY_ARRAY = st.one_of(
    hnp.arrays(
        np.int64, hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=4), elements=st.integers(-70, 20000)
    ),
    hnp.arrays(
        np.float64, hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=4), elements=st.floats(-720, 720)
    ),
)
SCALAR = st.one_of(
    st.integers(),
    st.integers(-5, 35),
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(max_size=3),
    st.complex_numbers(),
    st.binary(max_size=3),
)
RAGGED = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=3), max_leaves=6)
MASKED = st.builds(
    lambda values, data: np.ma.array(values, mask=np.resize(np.array(data, dtype=bool), values.shape)),
    LIKELY_ARRAY,
    st.lists(st.booleans(), min_size=1, max_size=5),
)


def frozen(array):
    array.flags.writeable = False
    return array


ANYTHING = st.one_of(SCALAR, RAGGED, ANY_ARRAY, LIKELY_ARRAY, LIKELY_ARRAY.map(frozen), MASKED)


def held(name, arguments, results):
    """Assert what holds of any answer, whatever was asked."""
    searched = name == "morton_search"  # the result has the shape of what is searched for
    shapes = np.shape(arguments[-1]) if searched else np.broadcast_shapes(*[np.shape(a) for a in arguments])
    for result in results if isinstance(results, tuple) else (results,):
        values = np.ma.asarray(result)
        assert values.dtype.kind in "ifb"
        assert values.shape[: len(shapes)] == shapes


@each_backend
@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_anything_at_all(name, data):
    arguments = [data.draw(ANYTHING) for _ in EVERY[name]]
    if name == "morton_children" and type(arguments[1]) is int and arguments[1] > 4:
        arguments[1] = 4  # 4**18 children of each id are no error, but memory
    keywords = {} if name in NO_POLICY else {"invalid": data.draw(st.sampled_from(POLICIES))}
    before = [repr(value) for value in arguments]
    try:
        results = call(name, *arguments, **keywords)
    except (TypeError, ValueError):
        pass
    else:
        held(name, arguments, results)
    assert [repr(value) for value in arguments] == before


COORDINATES = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.float16, ">f8"]),
    st.integers(0, 20),
    elements={"allow_nan": True, "allow_infinity": True},
)


@each_backend
@settings(max_examples=100)
@given(COORDINATES, st.integers(0, 29), st.data())
def test_any_coordinates_in_all_policies(lon, order, data):
    lat = data.draw(hnp.arrays(np.float64, lon.shape, elements=st.one_of(st.floats(-90, 90), st.floats())))
    valid = np.isfinite(lon) & (np.abs(lat) <= 90)
    result = healpix.lonlat_to_nested(lon, lat, order, invalid="sentinel")
    assert ((result >= 0) == valid).all()
    assert (result < 12 * 4**order).all()
    masked = healpix.lonlat_to_nested(lon, lat, order, invalid="mask")
    np.testing.assert_array_equal(np.ma.getmaskarray(masked), ~valid)
    np.testing.assert_array_equal(masked.data, result)
    if valid.all():
        np.testing.assert_array_equal(healpix.lonlat_to_nested(lon, lat, order), result)
    else:
        with pytest.raises(ValueError, match=f"at index {int(np.argmin(valid))}: "):
            healpix.lonlat_to_nested(lon, lat, order)


def is_morton(value):
    digits = str(abs(value))
    return len(digits) <= 19 and digits[0] in "123456" and set(digits[1:]) <= set("1234")


@each_backend
@settings(max_examples=100)
@given(
    hnp.arrays(
        np.int64, st.integers(0, 20), elements=st.one_of(st.integers(INT64.min, INT64.max), st.integers(-6666, 6666))
    )
)
def test_any_integers_as_morton_ids(ids):
    valid = np.array([is_morton(int(value)) for value in ids], dtype=bool)
    np.testing.assert_array_equal(healpix.is_morton(ids), valid)
    nested, order = (f(ids, invalid="sentinel") for f in (healpix.morton_to_nested, healpix.morton_order))
    np.testing.assert_array_equal(order >= 0, valid)
    np.testing.assert_array_equal(nested >= 0, valid)
    np.testing.assert_array_equal(healpix.nested_to_morton(nested[valid], order[valid]), ids[valid])


@each_backend
@settings(max_examples=100)
@given(
    hnp.arrays(
        np.int64, st.integers(0, 20), elements=st.one_of(st.integers(INT64.min, INT64.max), st.integers(-20, 300))
    )
)
def test_any_integers_as_uniq_ids(ids):
    valid = (ids >= 4) & (ids < 2**62)
    nested, order = healpix.uniq_to_nested(ids, invalid="sentinel")
    np.testing.assert_array_equal(order >= 0, valid)
    np.testing.assert_array_equal(healpix.nested_to_uniq(nested[valid], order[valid]), ids[valid])
