#!/usr/bin/env python3
"""How much of the engine the unit tests run, of what this machine compiles: prints a table, and fails below 97 % of lines
or 90 % of branches.

Clang counts in the source: a line or a branch of a template is run if it is in one of its instances. (gcov counts each
instance anew, and the branches that optimizers make.) A branch counts twice, for yes and for no. One whose condition is
constant in all instances is none.

   coverage.py FOLDER"""
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
JOBS = str(os.cpu_count())
WANTED = {"lines": 97, "branches": 90}  # %


def run(*command, **keywords):
    subprocess.run(list(map(str, command)), cwd=ROOT, check=True, **keywords)


def build(folder):
    """Returns the tests. Without PNG there are the engine's alone. Counters are atomic: in some, threads share a model."""
    tests = [f"test_engine_{path.stem.removeprefix('test_')}" for path in sorted(ROOT.glob("tests/engine/test_*.cpp"))]
    flags = "-fprofile-instr-generate -fcoverage-mapping -fprofile-update=atomic"
    run("cmake", "-S", ".", "-B", folder, "-DCMAKE_CXX_COMPILER=clang++", "-DCMAKE_C_COMPILER=clang",
        "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O1", "-DPICOVAE_KERNEL_OPT=-O1", f"-DCMAKE_CXX_FLAGS={flags}", f"-DCMAKE_C_FLAGS={flags}",
        "-DPICOVAE_BUILD_BENCH=OFF", "-DPICOVAE_PNG=OFF", "--log-level=WARNING")
    run("cmake", "--build", folder, "-j", JOBS, "--target", *tests)
    return [folder / "tests" / test for test in tests]


def run_tests(folder):
    """Returns the merged counts."""
    counts = folder / "counts"
    shutil.rmtree(counts, ignore_errors=True)
    counts.mkdir()
    run("ctest", "--test-dir", folder, "--output-on-failure", "-j", JOBS, "-R", "^engine_",
        env={**os.environ, "LLVM_PROFILE_FILE": str(counts / "%p.profraw")})
    run("llvm-profdata", "merge", "-o", folder / "counts.profdata", *counts.iterdir())
    return folder / "counts.profdata"


def export(counts, programs, form):
    objects = [part for program in programs[1:] for part in ("-object", program)]
    result = subprocess.run(["llvm-cov", "export", f"-format={form}", f"-instr-profile={counts}", programs[0],
                             *objects, ROOT / "engine"], check=True, stdout=subprocess.PIPE, text=True)
    return result.stdout


def lines_of(lcov):
    """File -> {line: how often it was run}."""
    lines = collections.defaultdict(dict)
    for record in lcov.splitlines():
        if record.startswith("SF:"):
            file = record[3:]
        elif record.startswith("DA:"):
            line, count = map(int, record[3:].split(",")[:2])
            lines[file][line] = max(count, lines[file].get(line, 0))
    return lines


def branches_of(exported, lines):
    """File -> {place: (yes, no)}. A condition that was reached has a count, unless it is constant."""
    branches = {}
    for file in exported["data"][0]["files"]:
        name = file["filename"]
        sums = collections.defaultdict(lambda: [0, 0])
        for line, column, _, _, yes, no, *_ in file["branches"]:
            sums[line, column][0] += yes
            sums[line, column][1] += no
        branches[name] = {place: counts for place, counts in sums.items() if any(counts) or not lines[name].get(place[0])}
    return branches


def percent(part, whole):
    return 100 * part / whole if whole else 100


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {__doc__}")
    folder = pathlib.Path(sys.argv[1]).resolve()
    programs = build(folder)
    counts = run_tests(folder)
    lines = lines_of(export(counts, programs, "lcov"))
    branches = branches_of(json.loads(export(counts, programs, "text")), lines)

    total = collections.Counter()
    print(f"{'file':44} {'lines':>6} {'':>6} {'branches':>9} {'':>6}  not run")
    for file in sorted(lines):
        run_lines = sum(count > 0 for count in lines[file].values())
        sides = [side for place in branches[file].values() for side in place]
        run_sides = sum(side > 0 for side in sides)
        missing = sorted({line for line, count in lines[file].items() if count == 0} |
                         {place[0] for place, sides_of in branches[file].items() if 0 in sides_of})
        total.update({"lines": len(lines[file]), "run lines": run_lines, "branches": len(sides), "run branches": run_sides})
        print(f"{str(pathlib.Path(file).relative_to(ROOT)):44} {len(lines[file]):6} {percent(run_lines, len(lines[file])):5.1f}%"
              f" {len(sides):9} {percent(run_sides, len(sides)):5.1f}%  {' '.join(map(str, missing[:12]))}"
              f"{' ...' if len(missing) > 12 else ''}")
    failed = False
    for kind, wanted in WANTED.items():
        share = percent(total[f"run {kind}"], total[kind])
        failed |= share < wanted
        print(f"{kind}: {share:.1f} % ({total[f'run {kind}']} of {total[kind]}), {wanted} % wanted")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
