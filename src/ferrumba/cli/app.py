"""The commands and their options; what they do is in the modules beside this one, loaded by the command that runs."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

import ferrumba
from ferrumba.cli.console import Failure, sentences


class Scheme(str, enum.Enum):
    """Kinds of cell ids."""

    morton = "morton"
    nested = "nested"
    uniq = "uniq"


class Invalid(str, enum.Enum):
    """What becomes of rows that cannot be converted."""

    stop = "raise"
    mask = "mask"
    sentinel = "sentinel"


class Order(str, enum.Enum):
    """Orders of dates."""

    mdy = "mdy"
    dmy = "dmy"
    ymd = "ymd"


class Missing(str, enum.Enum):
    """What becomes of windows with missing values."""

    omit = "omit"
    propagate = "propagate"


class Commands(typer.core.TyperGroup):
    """The command group; whatever is the user's to mend ends in one sentence."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        with sentences():
            return super().invoke(ctx)


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="HEALPix-Morton cells and neighbours of the points in large tables, rolling features of sensors, and a look "
    "at the backends behind them.",
)

TABLES, POINTS, SERIES, ENGINE = "Tables", "Points in space", "Time series", "Engine room"

Source = Annotated[Path, typer.Argument(metavar="INPUT", help="CSV, Parquet or NPY file.", show_default=False)]
Target = Annotated[
    Path, typer.Option("--output", "-o", metavar="OUTPUT", help="CSV, Parquet or NPY file (NPY: only what is new).")
]
InvalidOption = Annotated[
    Invalid, typer.Option("--invalid", help="Rows that cannot be converted: stop, leave empty, or write the sentinel.")
]
Delimiter = Annotated[str, typer.Option("--delimiter", metavar="CHAR", help="Separator of a CSV input.")]
BackendOption = Annotated[
    str | None, typer.Option("--backend", metavar="NAME", help="numba, rust, auto, or another that is installed.")
]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Threads to use; all by default.")]
Points = Annotated[
    Path,
    typer.Argument(metavar="INPUT", help="CSV, Parquet, NPY, PLY, XYZ or GRO file of points.", show_default=False),
]
Radius = Annotated[float, typer.Option("--radius", "-r", metavar="R", help="Distance that counts as near, inclusive.")]
X = Annotated[str | None, typer.Option("--x", metavar="NAME", help="Column of x; guessed.")]
Y = Annotated[str | None, typer.Option("--y", metavar="NAME", help="Column of y; guessed.")]
Z = Annotated[str | None, typer.Option("--z", metavar="NAME", help="Column of z; guessed, and there may be none.")]
Flat = Annotated[bool, typer.Option("--flat", help="Search in the plane of x and y, whatever else there is.")]
Box = Annotated[
    str | None,
    typer.Option("--box", metavar="LX,LY[,LZ]", help="Lengths of a periodic box; open for an axis that is not."),
]
Open = Annotated[bool, typer.Option("--open", help="No periodic images, even if the file has a box.")]
SkipInvalid = Annotated[bool, typer.Option("--skip-invalid", help="Leave out rows without finite coordinates.")]
JSON = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Kernels or patterns; all by default.")]
Budget = Annotated[float, typer.Option("--budget", min=0.0, help="Seconds for each kernel, size and backend.")]


def _show_version(value: bool) -> None:
    if value:
        print(f"ferrumba {ferrumba.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def _delimiter(text: str) -> str:
    character = {r"\t": "\t", "tab": "\t"}.get(text, text)
    if len(character) != 1 or not character.isascii() or character in '"\r\n':
        raise Failure(f"--delimiter is {text!r}, but one ASCII character separates fields, such as ';' or tab", 2)
    return character


@app.command(rich_help_panel=TABLES)
def encode(
    source: Source,
    output: Target,
    order: Annotated[int, typer.Option("--order", help="HEALPix order, 0 to 18 (nested and uniq: to 29).")] = 18,
    scheme: Annotated[Scheme, typer.Option("--scheme", help="Kind of cell ids.")] = Scheme.morton,
    column: Annotated[
        str | None, typer.Option("--column", metavar="NAME", help="Name of the new column; the scheme's by default.")
    ] = None,
    lon: Annotated[str | None, typer.Option("--lon", metavar="NAME", help="Longitude column; guessed.")] = None,
    lat: Annotated[str | None, typer.Option("--lat", metavar="NAME", help="Latitude column; guessed.")] = None,
    invalid: InvalidOption = Invalid.stop,
    delimiter: Delimiter = ",",
    backend: BackendOption = None,
    threads: Threads = None,
) -> None:
    """Add a column of cell ids to a table of coordinates in degrees."""
    from ferrumba.cli import convert

    comma, policy = _delimiter(delimiter), invalid.value
    convert.encode(
        convert.Options(source, output, scheme.value, column, lon, lat, order, policy, comma, backend, threads)
    )


@app.command(rich_help_panel=TABLES)
def decode(
    source: Source,
    output: Target,
    scheme: Annotated[
        Scheme | None, typer.Option("--scheme", help="Kind of cell ids; by the column's name, else morton.")
    ] = None,
    order: Annotated[int | None, typer.Option("--order", help="Order of nested ids.")] = None,
    column: Annotated[str | None, typer.Option("--column", metavar="NAME", help="Column of ids; guessed.")] = None,
    lon: Annotated[
        str | None,
        typer.Option(
            "--lon", metavar="NAME", help="New longitude column; lon, or lon_centre where lon or lat is taken."
        ),
    ] = None,
    lat: Annotated[
        str | None,
        typer.Option(
            "--lat", metavar="NAME", help="New latitude column; lat, or lat_centre where lon or lat is taken."
        ),
    ] = None,
    invalid: InvalidOption = Invalid.stop,
    delimiter: Delimiter = ",",
    backend: BackendOption = None,
    threads: Threads = None,
) -> None:
    """Add the centres of cells, in degrees, to a table of cell ids."""
    from ferrumba.cli import convert

    comma, policy, kind = _delimiter(delimiter), invalid.value, None if scheme is None else scheme.value
    convert.decode(convert.Options(source, output, kind, column, lon, lat, order, policy, comma, backend, threads))


@app.command(rich_help_panel=POINTS)
def neighbors(
    source: Points,
    radius: Radius,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="OUTPUT", help="CSV, Parquet or NPY file; without, a summary is printed."
        ),
    ] = None,
    count: Annotated[
        bool, typer.Option("--count", help="Write the table with the number of neighbours of each point, not pairs.")
    ] = False,
    column: Annotated[
        str | None,
        typer.Option("--column", metavar="NAME", help="Name of the column of --count; neighbors by default."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Write both (i, j) and (j, i), not only i < j.")] = False,
    x: X = None,
    y: Y = None,
    z: Z = None,
    flat: Flat = False,
    box: Box = None,
    open_: Open = False,
    skip_invalid: SkipInvalid = False,
    max_memory: Annotated[
        str, typer.Option("--max-memory", metavar="SIZE", help="Memory for pieces of the result, beside the points.")
    ] = "256MiB",
    delimiter: Delimiter = ",",
    backend: BackendOption = None,
    threads: Threads = None,
    json: JSON = False,
) -> None:
    """Find the pairs of points within a radius: rows i and j, counted from 0, and their distance."""
    from ferrumba.cli import neighbors as command
    from ferrumba.cli.points import Source as Cloud

    comma = _delimiter(delimiter)
    cloud = Cloud(source, radius, x, y, z, flat, box, open_, skip_invalid, comma, backend, threads)
    command.run(cloud, output, count, column, full, max_memory, json)


@app.command(rich_help_panel=POINTS)
def decimate(
    source: Points,
    radius: Radius,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="OUTPUT", help="CSV, Parquet or NPY file (NPY: coordinates only)."),
    ],
    order: Annotated[
        str | None, typer.Option("--order", metavar="NAME", help="Column that tells who stays first; the file's order.")
    ] = None,
    descending: Annotated[bool, typer.Option("--descending", help="The highest value of --order stays first.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="PAGE", help="HTML page with a picture before and after.")
    ] = None,
    x: X = None,
    y: Y = None,
    z: Z = None,
    flat: Flat = False,
    box: Box = None,
    open_: Open = False,
    skip_invalid: SkipInvalid = False,
    delimiter: Delimiter = ",",
    backend: BackendOption = None,
    threads: Threads = None,
) -> None:
    """Thin a table of points: keep one, drop its neighbours within a radius, go on with the next that is left."""
    from ferrumba.cli import thinning
    from ferrumba.cli.points import Source as Cloud

    comma = _delimiter(delimiter)
    cloud = Cloud(source, radius, x, y, z, flat, box, open_, skip_invalid, comma, backend, threads)
    thinning.run(cloud, output, order, descending, report)


@app.command(rich_help_panel=SERIES)
def features(
    source: Annotated[
        Path,
        typer.Argument(metavar="INPUT", help="CSV, Parquet or NPY file of times and sensors.", show_default=False),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="OUTPUT", help="CSV, Parquet or NPY file (NPY: without the times)."),
    ],
    window: Annotated[
        int, typer.Option("--window", "-w", min=1, help="Rows of a window, the row's own the last.")
    ] = 16,
    names: Annotated[
        str | None,
        typer.Option("--features", metavar="NAMES", help="med,mad,mean,std,slope,skew,kurt,energy,rz; all by default."),
    ] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="NAMES", help="Sensors, by names or patterns such as 'temp*'.")
    ] = None,
    time_column: Annotated[
        str | None, typer.Option("--time-column", metavar="NAME", help="Time column; guessed.")
    ] = None,
    date_order: Annotated[
        Order | None, typer.Option("--date-order", help="Of dates such as 1/2/2024; by default the one that rises.")
    ] = None,
    header_rows: Annotated[
        int | None, typer.Option("--header-rows", min=1, help="Rows of a CSV header, the names first; guessed.")
    ] = None,
    min_periods: Annotated[int, typer.Option("--min-periods", min=1, help="Values that a window needs.")] = 1,
    nan: Annotated[
        Missing, typer.Option("--nan", help="Leave missing values out, or let one spoil its windows.")
    ] = Missing.omit,
    sort: Annotated[bool, typer.Option("--sort", help="Sort rows that go back in time, in memory.")] = False,
    skip_invalid: Annotated[bool, typer.Option("--skip-invalid", help="Leave out rows without a time.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="PAGE", help="HTML page with pictures of sensors and features.")
    ] = None,
    delimiter: Delimiter = ",",
    backend: BackendOption = None,
    threads: Threads = None,
) -> None:
    """Make rolling features of the sensors in a file."""
    from ferrumba.cli import features as command
    from ferrumba.cli.sensors import Source as Sensors

    order = None if date_order is None else date_order.value
    sensors = Sensors(
        source, time_column, order, columns, header_rows, sort, skip_invalid, delimiter=_delimiter(delimiter)
    )
    command.run(command.Options(sensors, output, window, names, min_periods, nan.value, report, backend, threads))


@app.command(rich_help_panel=TABLES)
def demo(
    rows: Annotated[int, typer.Option("--rows", min=1, help="Points to make.")] = 1_240_000,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the map and the report go.")
    ] = Path("ferrumba-demo"),
) -> None:
    """Encode and decode tracks around Antarctica on every backend, compare, and draw a map."""
    from ferrumba.cli import demonstration

    raise typer.Exit(demonstration.run(rows, output))


@app.command(rich_help_panel=ENGINE)
def backends(json: JSON = False) -> None:
    """List the backends that are present."""
    from ferrumba.cli import inspection

    inspection.backends(json)


@app.command(rich_help_panel=ENGINE)
def kernels(json: JSON = False) -> None:
    """List the kernels, their contracts, and which backends serve them."""
    from ferrumba.cli import inspection

    inspection.kernels(json)


@app.command(rich_help_panel=ENGINE)
def explain(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Kernel, such as healpix.lonlat_to_morton.")],
    rows: Annotated[int, typer.Option("--rows", min=0, help="Rows of the call.")] = 1_000_000,
    backend: BackendOption = None,
    json: JSON = False,
) -> None:
    """Say which backend would serve a call, and why."""
    from ferrumba.cli import inspection

    inspection.explain(name, rows, backend, json)


@app.command(rich_help_panel=ENGINE)
def doctor(json: JSON = False) -> None:
    """Examine the installation: versions, environment, backends and their faults, threads, calibration, cache."""
    from ferrumba.cli import inspection

    raise typer.Exit(inspection.doctor(json))


@app.command(rich_help_panel=ENGINE)
def calibrate(
    names: Names = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Table to write; by default your own.")
    ] = None,
    budget: Budget = 0.1,
    json: JSON = False,
) -> None:
    """Measure every kernel on every backend, and write the table that the automatic choice follows."""
    from ferrumba.cli import measuring

    measuring.calibrate(names or ["*"], output, budget, json)


@app.command(rich_help_panel=ENGINE)
def verify(
    names: Names = None,
    backend: Annotated[str | None, typer.Option("--backend", metavar="NAME", help="One backend only.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the cases.")] = 0,
    json: JSON = False,
) -> None:
    """Run the conformance suite on the installed backends."""
    from ferrumba.cli import verification

    raise typer.Exit(verification.verify(names or ["*"], backend, seed, json))


@app.command(rich_help_panel=ENGINE)
def bench(
    names: Names = None,
    rows: Annotated[
        list[int] | None, typer.Option("--rows", min=1, help="Row counts; the kernel's own by default.")
    ] = None,
    budget: Budget = 0.1,
    json: JSON = False,
) -> None:
    """Time the kernels on one thread and on all, beside the time to copy the bytes they read and write."""
    from ferrumba.cli import measuring

    measuring.bench(names or ["*"], rows, budget, json)
