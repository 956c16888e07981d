#!/usr/bin/python3
"""table.py RESULTS [--json FILE]: the least times of the benchmarks' runs, as one table.

RESULTS is a folder of PROGRAM.RUN.json, as Google Benchmark writes them and bench/run.sh names them.
"""
import argparse
import collections
import json
import pathlib
import statistics
import sys

# In this order: if two programs time the same thing, the one with the peers counts.
PROGRAMS = ("peers", "peers_avx2", "forward", "kernels")
DEFAULT_SHAPE = "784-300-300-50"
MICROSECONDS = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}


def load(folder, program):
    """Name of each benchmark -> its results, a run each; the context of the last run; peers that are not built -> why."""
    results = collections.defaultdict(list)
    context, missing = {}, {}
    for path in sorted(folder.glob(f"{program}.[0-9]*.json")):
        report = json.loads(path.read_text())
        context = report["context"]
        for result in report["benchmarks"]:
            if not result.get("error_occurred"):
                results[result["name"]].append(result)
            elif "PICOVAE_PEER_" in (why := result["error_message"]) or "install_packages" in why:
                missing[result["name"].split("/")[-1]] = why
    return results, context, missing


def make_row(program, name, results):
    if program == "kernels":  # dense/decoder.2/f32/batch:1/avx2
        operation, layer, type_, batch, isa = name.split("/")
        shape, task, contender = DEFAULT_SHAPE, f"{operation} {layer}", "picovae"
    else:  # 784-300-300-50/decode/f32/batch:1/avx2/picovae
        shape, task, type_, batch, isa, contender = name.split("/")
    row = {
        "shape": shape,
        "task": task,
        "type": type_,
        "batch": int(batch.split(":")[1]),
        "isa": isa,
        "contender": contender,
        "threads": 1,
        "us": min(r["cpu_time"] * MICROSECONDS[r["time_unit"]] for r in results),
        "runs": len(results),
    }
    limits = [r["limit_us"] for r in results if "limit_us" in r]
    if limits:
        row["limit_us"] = statistics.median(limits)
        row["times_limit"] = row["us"] / row["limit_us"]
    return row


def is_peer(row):
    return not row["contender"].startswith("picovae")


def place_of(row):
    return row["shape"], row["task"], row["batch"], row["isa"]


def add_peers(rows):
    """Beside each row: how often the best peer's time holds its own. Where no peer has the row's type
    of weights, the f32 peers count."""
    best = {}
    for row in filter(is_peer, rows):
        key = *place_of(row), row["type"]
        best[key] = min(best.get(key, row), row, key=lambda r: r["us"])
    for row in rows:
        place = place_of(row)
        peer = best.get((*place, row["type"])) or best.get((*place, "f32"))
        if peer and "_from_" not in row["contender"]:
            row["best_peer"] = peer["contender"]
            row["times_best_peer"] = peer["us"] / row["us"]


def print_roofline(folder):
    results, _, _ = load(folder, "roofline")
    lines = collections.defaultdict(list)
    for name, runs in results.items():
        what, which, isa = name.split("/")
        unit = {"multiply_add": "GFLOP/s", "dot": "GOP/s", "read": "GB/s"}[what]
        best = statistics.median(r["best"] for r in runs) / 1e9
        lines[isa].append(f"{which} {best:.0f} {unit}")
    for isa, figures in lines.items():
        print(f"{isa:<10}  {', '.join(figures)}")


def print_table(rows):
    cells = [("shape", "task", "type", "batch", "isa", "contender", "us", "x best peer", "x limit")]
    for row in rows:
        peer, limit = row.get("times_best_peer"), row.get("times_limit")
        cells.append((row["shape"], row["task"], row["type"], str(row["batch"]), row["isa"], row["contender"],
                      f"{row['us']:.2f}", f"{peer:.2f}" if peer else "-",
                      f"{limit:.2f}" if limit else "-"))
    widths = [max(map(len, column)) for column in zip(*cells)]
    for line in cells:
        numbers = (3, 6, 7, 8)
        print("  ".join(cell.rjust(w) if i in numbers else cell.ljust(w)
                        for i, (cell, w) in enumerate(zip(line, widths))).rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    rows, seen = [], set()
    for program in PROGRAMS:
        results, context, missing = load(options.results, program)
        for name, runs in results.items():
            row = make_row(program, name, runs)
            key = tuple(row[k] for k in ("shape", "task", "type", "batch", "isa", "contender"))
            if key not in seen:
                seen.add(key)
                rows.append(row)
        if "onednn" in context:
            print(f"{program}: oneDNN {context['onednn']}, OpenBLAS {context['openblas']}")
        for peer, how in missing.items():
            print(f"{program}: no {peer}: {how}")
    if not rows:
        sys.exit(f"table.py: no results in {options.results}; bench/run.sh makes them")
    add_peers(rows)
    print_roofline(options.results)
    print()
    print_table(rows)
    print("\nx best peer: its time / this one. x limit: this time / the fewest that the roofline allows.")
    if options.json:
        tasks = ("encode", "decode", "forward")
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps([r for r in rows if r["task"] in tasks], indent=1) + "\n")


if __name__ == "__main__":
    main()
