"""``ferrumba features``: a file of sensors in, a table of rolling features out, piece by piece as if it were one."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from ferrumba.cli import columns as positions
from ferrumba.cli.console import say, warn
from ferrumba.cli.demonstration import machine
from ferrumba.cli.readers import file_format
from ferrumba.cli.running import computing, served, writing
from ferrumba.cli.sensors import Block, SensorFile, Source, open_sensors
from ferrumba.cli.thinning import check_report
from ferrumba.cli.writers import check_output, replacing
from ferrumba.report.overview import Overview
from ferrumba.timeseries import FeatureBuilder

BYTES = 16 << 20
"""Features made at a time; as many bytes again go through Arrow."""

PICTURED = 12
"""Sensors on the page; more would not be looked at, and all are in the output."""


@dataclass(frozen=True)
class Options:
    """What the command takes."""

    source: Source
    output: Path
    window: int
    features: str | None = None
    min_periods: int = 1
    nan: str = "omit"
    report: Path | None = None
    backend: str | None = None
    threads: int | None = None

    def builder(self) -> FeatureBuilder:
        """Return an object that makes the features: without fills, which would need training rows."""
        chosen = None if self.features is None else [name.strip() for name in self.features.split(",")]
        return FeatureBuilder(
            self.window, chosen, min_periods=self.min_periods, nan=self.nan, fill=None, backend=self.backend
        )


def run(options: Options) -> None:
    """Run the command."""
    target = file_format(options.output, "output")
    if options.report is not None:
        check_report(options.report, options.source.path, options.output)
    begun = time.perf_counter()
    with computing(options.threads) as calls:
        builder = options.builder()
        builder.fit(np.empty((1, 1)))  # whatever is wrong with the options comes before a long look at the file
        file = open_sensors(options.source)
        check_output(options.output, options.source.path)
        builder.fit(np.empty((1, len(file.sensors))))
        names = [str(name) for name in builder.get_feature_names_out(file.names)]
        new = [pa.field(name, pa.float64()) for name in names]
        if target != "NPY":
            positions.refuse_taken([file.time.name], names, "a new header in the file", str(options.source.path))
        schema = pa.schema([file.time, *new])
        overview = None if options.report is None else Overview(file.rows, file.names, builder.statistics_, PICTURED)
        rows = 0
        with writing(options.output, schema, new, f"features of {options.source.path.name}", file.total) as (
            writer,
            show,
        ):
            for block in _slices(file, len(names), options.window, show):
                made = builder.update(block.values)
                times = file.time_column(block.times)
                columns = [pa.array(made[:, place], from_pandas=target != "NPY") for place in range(len(names))]
                writer.write(pa.record_batch([times, *columns], schema=schema))
                rows += len(times)
                if overview is not None:
                    overview.add(times.to_numpy(zero_copy_only=False), block.values, made)
    seconds = time.perf_counter() - begun
    backend = served(calls)
    if overview is not None:
        _report(options, file, overview, names, rows, seconds, backend)
    say(
        f"made {len(names):,} features of {len(file.sensors):,} sensors for {rows:,} rows in {seconds:.2f} s, "
        f"{rows / max(seconds, 1e-9):,.0f} rows/s, to {options.output}; backend {backend}"
    )
    if options.report is not None:
        say(f"Report: {options.report}")
    for sentence in file.told():
        warn(sentence)


def _slices(file: SensorFile, features: int, window: int, show: Callable[[int], None]) -> Iterator[Block]:
    """Yield blocks whose features take ``BYTES``, unless the window is longer than that: it is read again each time."""
    most = max(BYTES // (8 * features), 4 * min(window, 1 << 16))
    for block in file.blocks(show):
        for start in range(0, len(block.times), most):
            yield Block(block.times[start : start + most], block.values[start : start + most])


def _report(
    options: Options, file: SensorFile, overview: Overview, names: list[str], rows: int, seconds: float, backend: str
) -> None:
    from ferrumba.report.page import render
    from ferrumba.report.series_picture import small_multiples

    source, path = options.source, options.report
    if path is None:
        return
    left = len(file.sensors) - overview.shown
    begin, end = (str(moment).replace("T", " ") for moment in overview.ends or ("", ""))
    facts = {
        "rows": f"{rows:,}",
        "sensors": f"{len(file.sensors):,}" + (f", of which {left:,} are not drawn" if left else ""),
        "features": f"{len(names):,}",
        "times": f"{file.time.name}, from {begin} to {end}",
        "output": options.output.name,
        "backend": backend,
        "time": f"{seconds:.2f} s, {rows / max(seconds, 1e-9):,.0f} rows/s, reading and writing included",
    }
    page = render(
        "features.html",
        small_multiples(overview),
        title=f"{source.path.name}: features over windows of {options.window:,} rows",
        facts=facts,
        notes=file.told(),
        sensors=overview.summary(),
        machine=machine(),
        command=f"ferrumba features {source.path.name} --window {options.window} -o {options.output.name} "
        f"--report {path.name}",
        date=dt.datetime.now().astimezone().strftime("%d %B %Y, %H:%M %Z"),
    )
    with replacing(path) as page_file:
        page_file.write(page.encode("utf-8"))
