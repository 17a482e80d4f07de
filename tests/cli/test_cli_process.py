"""The command as a process of its own: signals, memory, a terminal, missing extras, and how fast it starts."""

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

COMMAND = [sys.executable, "-W", "always::ResourceWarning", "-m", "ferrumba"]

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of POSIX")


@pytest.fixture(scope="module")
def long_file(tmp_path_factory):
    """Return a CSV file of 2.4 million rows, 100 MB: long enough to be interrupted, larger than the memory allowed."""
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(-180, 180, 60_000).round(7).tolist(), rng.uniform(-90, 90, 60_000).round(7).tolist()
    block = "".join(f"{i:07d},{a},{o},some text\n" for i, (a, o) in enumerate(zip(lat, lon, strict=True)))
    path = tmp_path_factory.mktemp("long") / "long.csv"
    with path.open("w") as file:
        file.write("code,lat,lon,text\n")
        for _ in range(40):
            file.write(block)
    return path


def started(command, number):
    """Start a command that does not ignore a signal, as children do under nohup or in the background of a script."""
    before = signal.signal(number, signal.SIG_DFL)
    try:
        return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    finally:
        signal.signal(number, before)


def wait_for_part(folder, process):
    """Wait until a temporary file is there and has grown."""
    while not any(path.stat().st_size > 0 for path in folder.glob(".*.part")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.005)


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_signal_leaves_nothing_behind(long_file, tmp_path, number, code):
    target = tmp_path / "o.csv"
    target.write_text("precious")
    command = [*COMMAND, "encode", long_file, "-o", target]
    process = started(command, number)
    wait_for_part(tmp_path, process)
    process.send_signal(number)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == code
    assert said.strip() == ("ferrumba: interrupted" if number == signal.SIGINT else "ferrumba: terminated")
    assert [path.name for path in tmp_path.iterdir()] == ["o.csv"]
    assert target.read_text() == "precious"


def peak_mib(*arguments):
    """Return the peak resident memory of a command."""
    process = subprocess.Popen([*COMMAND, *map(str, arguments)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)


@posix
@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(long_file, tmp_path):
    """Three times the rows, 200 MB more, may take 64 MiB more: pieces overlap by chance, and there is an index."""
    with (tmp_path / "longer.csv").open("wb") as file:
        header, _, rows = long_file.read_bytes().partition(b"\n")
        file.write(header + b"\n" + 3 * rows)
    once = peak_mib("encode", long_file, "-o", tmp_path / "o.parquet")
    thrice = peak_mib("encode", tmp_path / "longer.csv", "-o", tmp_path / "o.parquet")
    assert thrice - once < 64, f"{once:.0f} MiB for the file, {thrice:.0f} MiB for three times the file"


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """Return an NPY file of 150,000 points with 9 million pairs within 0.058: 300 MB of them, from 4 MB."""
    path = tmp_path_factory.mktemp("crowd") / "p.npy"
    np.save(path, np.random.default_rng(0).random((150_000, 3)))
    return path


@posix
def test_interrupted_pairs_leave_nothing_behind(crowd, tmp_path):
    target = tmp_path / "o.csv"
    command = [*COMMAND, "neighbors", crowd, "-r", "0.058", "-o", target, "--max-memory", "8MiB"]
    process = started(command, signal.SIGINT)
    wait_for_part(tmp_path, process)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[1].strip() == "ferrumba: interrupted"
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []


@posix
@pytest.mark.slow
def test_memory_does_not_grow_with_the_pairs(crowd, tmp_path):
    """Pieces of 32 MiB may take so much and 48 MiB more, for Arrow and the allocator; the pairs take 220 MB."""
    counted = peak_mib("neighbors", crowd, "-r", 0.058)
    written = peak_mib("neighbors", crowd, "-r", 0.058, "-o", tmp_path / "o.npy", "--max-memory", "32MiB")
    assert (tmp_path / "o.npy").stat().st_size > 200e6
    assert written - counted < 32 + 48, f"{counted:.0f} MiB to count pairs, {written:.0f} MiB to write them"


@pytest.fixture(scope="module")
def sensors(tmp_path_factory):
    """Return a CSV file of 600,000 rows of four sensors, 25 MB."""
    rng = np.random.default_rng(0)
    stamps = np.datetime_as_string(np.datetime64("2020-01-01") + np.arange(600_000).astype("m8[m]"), "m").tolist()
    values = [",".join(map(str, row)) for row in rng.standard_normal((1000, 4)).round(4).tolist()]
    path = tmp_path_factory.mktemp("sensors") / "s.csv"
    with path.open("w") as file:
        file.write("ts,a,b,c,d\n")
        file.writelines(f"{stamp},{values[i % 1000]}\n" for i, stamp in enumerate(stamps))
    return path


@posix
def test_interrupted_features_leave_nothing_behind(sensors, tmp_path):
    target = tmp_path / "o.csv"
    target.write_text("precious")
    process = started([*COMMAND, "features", sensors, "-o", target, "--features", "med"], signal.SIGINT)
    wait_for_part(tmp_path, process)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[1].strip() == "ferrumba: interrupted"
    assert process.returncode == 130
    assert [path.name for path in tmp_path.iterdir()] == ["o.csv"]
    assert target.read_text() == "precious"


@posix
@pytest.mark.slow
def test_memory_of_features_does_not_grow_with_the_file(sensors, tmp_path):
    """Three times the rows, 50 MB more, may take 48 MiB more."""
    with (tmp_path / "longer.csv").open("wb") as file:
        whole = sensors.read_bytes()
        rows = whole[whole.index(b"\n") + 1 :]
        file.write(whole)
        for century in (b"21", b"22"):
            file.write(re.sub(rb"(?m)^20", century, rows))
    once = peak_mib("features", sensors, "-o", tmp_path / "o.parquet")
    thrice = peak_mib("features", tmp_path / "longer.csv", "-o", tmp_path / "o.parquet")
    assert thrice - once < 48, f"{once:.0f} MiB for the file, {thrice:.0f} MiB for three times the file"


@posix
def test_progress_on_a_terminal_only(long_file, tmp_path):
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    command = [*COMMAND, "encode", long_file, "-o", tmp_path / "o.parquet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True, env=environment)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 1 << 16)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    said = process.communicate(timeout=60)[0]
    os.close(ours)
    assert process.returncode == 0
    assert b"encode long.csv" in shown
    assert b"%" in shown
    assert said.startswith("encoded 2,400,000 rows in ")
    assert "%" not in said


def without(*modules, arguments=("--help",)):
    """Run the command where some modules cannot be imported."""
    code = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({modules!r}))\n"
        f"sys.argv = ['ferrumba', *{arguments!r}]\n"
        "from ferrumba.cli import main\n"
        "sys.exit(main())\n"
    )
    return subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)


@pytest.mark.parametrize("module", ["typer", "rich"])
def test_without_the_extra(module):
    done = without(module)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"ferrumba: the module {module!r} is not installed; run: pip install 'ferrumba[cli]'\n"


def test_without_pyarrow(tmp_path):
    done = without("pyarrow", arguments=("encode", "p.csv", "-o", "o.csv"))
    assert done.returncode == 1
    assert done.stderr == "ferrumba: the module 'pyarrow' is not installed; run: pip install 'ferrumba[cli]'\n"
    assert without("pyarrow", arguments=("kernels",)).returncode == 0


def test_help_starts_quickly():
    """In processor time, which other processes do not inflate."""
    seconds = []
    for _ in range(3):
        start = os.times()
        text = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
        end = os.times()
        seconds.append(end.children_user + end.children_system - start.children_user - start.children_system)
    assert "encode" in text
    assert min(seconds) < 0.5


@pytest.mark.parametrize(
    "arguments", [["--help"], ["encode", "--help"], ["decimate", "--help"], ["features", "--help"], ["--version"]]
)
def test_help_loads_nothing_heavy(arguments):
    heavy = ("numba", "pyarrow", "pandas", "scipy", "matplotlib", "numpy")
    assert without(*heavy, arguments=tuple(arguments)).returncode == 0


def test_module_is_the_command():
    shown = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True).stdout
    assert shown.startswith("ferrumba ")
