#!/usr/bin/python3
"""growth.py ROWS.json OUT.png: how the cost of an image grows with batch, width and threads, drawn by gnuplot.

ROWS.json is what bench/run.sh --json wrote. A panel whose rows are missing, as those of several threads are, is left
out.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

DEFAULT_SHAPE = "784-300-300-50"
WIDTHS = re.compile(r"784-(\d+)-\1-50")


def series(rows, name_of, x_of):
    """Name -> [(x, microseconds an image)], of the rows that have both."""
    curves = {}
    for row in rows:
        if row["task"] == "decode" and (name := name_of(row)) and (x := x_of(row)):
            curves.setdefault(name, {})[x] = row["us"] / row["batch"]
    return {name: sorted(points.items()) for name, points in curves.items() if len(points) > 1}


def panels(rows):
    """(title, x label, curves): decode on the kernels that the first row names, which are the machine's."""
    rows = [row for row in rows if row["isa"] == rows[0]["isa"] and "_from_" not in row["contender"]]
    ours = [row for row in rows if row["contender"] == "picovae" and row["type"] in ("f32", "s8")]
    default = [row for row in rows if row["shape"] == DEFAULT_SHAPE and row["threads"] == 1]
    threaded = {(row["shape"], row["type"], row["batch"]) for row in ours if row["threads"] > 1}
    yield ("decode, 784-300-300-50", "batch", series(
        (row for row in default if row["type"] in ("f32", "s8")),
        lambda row: f"{row['contender']} {row['type']}", lambda row: row["batch"]))
    yield ("decode, 784-WIDTH-WIDTH-50", "width", series(
        (row for row in ours if row["threads"] == 1 and row["batch"] in (1, 100) and row["shape"] != DEFAULT_SHAPE),
        lambda row: f"{row['type']}, batch {row['batch']}",
        lambda row: (match := WIDTHS.fullmatch(row["shape"])) and int(match[1])))
    yield ("decode", "threads", series(
        (row for row in ours if (row["shape"], row["type"], row["batch"]) in threaded),
        lambda row: f"{row['shape']} {row['type']}, batch {row['batch']}", lambda row: row["threads"]))


def script(drawn, out):
    lines = [f"set terminal pngcairo size {760 * len(drawn)},560 noenhanced", f"set output '{out}'",
             f"set multiplot layout 1,{len(drawn)}", "set logscale xy", "set grid", "set key outside below",
             "set ylabel 'microseconds an image'"]
    for title, x_label, curves in drawn:
        lines += [f"set title '{title}'", f"set xlabel '{x_label}'"]
        ticks = sorted({x for points in curves.values() for x, _ in points})
        lines += [f"set xtics ({', '.join(map(str, ticks))})", f"set xrange [{ticks[0]}:{ticks[-1]}]"]
        data, plots = [], []
        for name, points in curves.items():
            width = 3 if name.startswith("picovae") else 1
            plots.append(f"'-' with linespoints linewidth {width} title '{name}'")
            data += [f"{x} {y}" for x, y in points] + ["e"]
        lines += ["plot " + ", ".join(plots), *data]
    return "\n".join(lines + ["unset multiplot", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    options = parser.parse_args()
    rows = json.loads(options.rows.read_text())
    drawn = [panel for panel in panels(rows) if panel[2]]
    if not drawn:
        sys.exit(f"growth.py: {options.rows} has no rows of several batches or widths")
    try:
        subprocess.run(["gnuplot"], input=script(drawn, options.out), text=True, check=True)
    except FileNotFoundError:
        sys.exit("growth.py: needs gnuplot; run tools/install_packages.sh data")


if __name__ == "__main__":
    main()
