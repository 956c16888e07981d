#!/usr/bin/python3
"""figures.py ROWS.json [--into FIGURES.md]: the tables of FIGURES.md beside other libraries, as Markdown.

ROWS.json is what bench/run.sh --json wrote. Where a peer is ahead comes first, in bold. With --into they take the place
of what is between the file's lines BEGIN and END.
"""
import argparse
import contextlib
import datetime
import io
import json
import os
import pathlib
import platform
import re
import subprocess
import sys

ORDER = ("eigen", "openblas", "blis", "onednn", "libxsmm", "libxsmm_new", "blasfeo", "xnnpack", "rtneural")
NAMES = {"eigen": "Eigen", "openblas": "OpenBLAS", "blis": "BLIS", "onednn": "oneDNN", "libxsmm": "LIBXSMM 1.17",
         "libxsmm_new": "LIBXSMM 2", "blasfeo": "BLASFEO", "xnnpack": "XNNPACK", "rtneural": "RTNeural"}
TASKS = ("encode", "decode", "forward")
AHEAD = 0.97  # a peer with less of our time; the rest is noise
BEGIN, END = "<!-- bench/figures.py: from here -->\n", "<!-- bench/figures.py: to here -->\n"


def machine():
    cpu = pathlib.Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.*)", cpu.read_text()) if cpu.exists() else None
    compiler = subprocess.run(["c++", "--version"], capture_output=True, text=True).stdout.splitlines()
    return (f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores; {compiler[0] if compiler else '?'}; "
            f"{datetime.date.today()}")


def group(rows):
    """(type, isa) -> (shape, task, batch) -> contender -> row, the faster of oneDNN's two primitives."""
    groups = {}
    for row in rows:
        contender = row["contender"].removesuffix("_matmul")
        if contender != "picovae" and contender not in ORDER:
            continue
        place = groups.setdefault((row["type"], row["isa"]), {}).setdefault(
            (row["shape"], row["task"], row["batch"]), {})
        if contender not in place or row["us"] < place[contender]["us"]:
            place[contender] = row
    for key, places in groups.items():
        groups[key] = {place: found for place, found in places.items() if len(found) > 1 and "picovae" in found}
    return {key: places for key, places in groups.items() if places}


def best_of(found):
    return min((c for c in found if c != "picovae"), key=lambda c: found[c]["us"])


def number(us):
    return f"{us:.2f}" if us < 100 else f"{us:,.0f}"


def describe(place):
    shape, task, batch = place
    return f"{shape} {task}", str(batch)


def sort_key(place):
    shape, task, batch = place
    return shape != "784-300-300-50", shape, TASKS.index(task), batch


def print_behind(groups):
    behind = []
    for (type_, isa), places in groups.items():
        for place, found in places.items():
            peer = best_of(found)
            ratio = found[peer]["us"] / found["picovae"]["us"]
            if ratio < AHEAD:
                behind.append((ratio, type_, isa, place, peer, found))
    print("Where a peer is ahead by more than 3 %:\n")
    if not behind:
        print("Nowhere.\n")
        return
    print("| | batch | picovae | the peer | peer / picovae |\n|---|---|---|---|---|")
    for ratio, type_, isa, place, peer, found in sorted(behind, key=lambda b: b[0]):
        what, batch = describe(place)
        print(f"| **{what} {type_}, {isa}** | {batch} | {number(found['picovae']['us'])} | "
              f"{number(found[peer]['us'])} {NAMES[peer]} | **{ratio:.2f}** |")
    print()


def print_table(type_, isa, places):
    peers = [c for c in ORDER if any(c in found for found in places.values())]
    print(f"{type_}, {isa}:\n")
    print("| | batch | picovae | " + " | ".join(NAMES[c] for c in peers) + " | best peer / picovae | picovae / limit |")
    print("|---" * (len(peers) + 5) + "|")
    for place in sorted(places, key=sort_key):
        found = places[place]
        best = best_of(found)
        ratio = found[best]["us"] / found["picovae"]["us"]
        cells = [number(found[c]["us"]) if c in found else "-" for c in peers]
        limit = found["picovae"].get("times_limit")
        print(f"| {' | '.join(describe(place))} | {number(found['picovae']['us'])} | {' | '.join(cells)} | "
              f"{f'**{ratio:.2f}**' if ratio < AHEAD else f'{ratio:.2f}'} | {f'{limit:.2f}' if limit else '-'} |")
    print()


def print_width(rows):
    shapes = {(int(row["shape"].split("-")[1]), row["type"], row["batch"], row["threads"]): row for row in rows
              if row["contender"] == "picovae" and re.fullmatch(r"784-(\d+)-\1-50", row["shape"])
              and row["shape"] != "784-300-300-50"}
    if not shapes:
        return
    print("Decode of 784-WIDTH-WIDTH-50, microseconds an image:\n")
    print("| width | type | batch | threads | us an image | / limit |\n|---|---|---|---|---|---|")
    for (width, type_, batch, threads), row in sorted(shapes.items(), key=lambda s: (s[0][1:], s[0][0])):
        limit = f"{row['times_limit']:.2f}" if "times_limit" in row else "-"
        print(f"| {width} | {type_} | {batch} | {threads} | {number(row['us'] / batch)} | {limit} |")
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=pathlib.Path)
    parser.add_argument("--into", type=pathlib.Path)
    options = parser.parse_args()
    rows = json.loads(options.rows.read_text())
    groups = group(rows)
    if not groups:
        sys.exit(f"figures.py: {options.rows} has no peers; build with tools/install_packages.sh bench")
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        print(f"{machine()}. Microseconds, the least of the runs, one thread.\n")
        print_behind(groups)
        for (type_, isa), places in groups.items():
            print_table(type_, isa, places)
        print_width(rows)
    if not options.into:
        print(text.getvalue(), end="")
        return
    before, begin, rest = options.into.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"figures.py: {options.into} lacks one of the lines\n{BEGIN}{END}")
    options.into.write_text(before + BEGIN + "\n" + text.getvalue() + END + after)


if __name__ == "__main__":
    main()
