"""Breaks the engine on purpose, a small fault at a time, and counts how many of them the unit tests find.

   tests/mutate.sh engine/src/blob.cpp                         all faults of a file
   tests/mutate.sh --count 1000 --json build/faults.json       a sample of the whole engine, the same for a seed

A fault that does not compile does not count. One that leaves the programs as they were, byte for byte, is equivalent.
One that no test finds is printed, with its line: it is equivalent as well, or a test is missing. Nothing of the working
tree is changed: a copy in build/mutation is. Kernels of one ISA are built with that ISA's alone, all others with AVX2's.
With --json a run that was stopped goes on where it was."""
import argparse
import dataclasses
import json
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import mutants  # noqa: E402
from plan import ROOT, TREE, all_files, is_tested_alone, isas_of, own_tests  # noqa: E402
from suite import Suite, copy_tree  # noqa: E402


@dataclasses.dataclass
class Outcome:
    mutant: mutants.Mutant
    file: str
    result: str       # killed, survived, equivalent, not built
    by: str = ""      # the test that found it
    seconds: float = 0


def judge_file(name, chosen, suite, by_all, report):
    path = TREE / name
    source = path.read_bytes()
    own = own_tests(path.stem, suite.tests)
    if by_all:
        own = [*own, *(test for test in suite.tests if test not in own)]
    for mutant in chosen:
        start = time.monotonic()
        if is_tested_alone(path, own):
            suite.mend_engine()
        path.write_bytes(mutant.apply(source))
        try:
            result, by = suite.judge(path, own)
        finally:
            path.write_bytes(source)
        report(Outcome(mutant, name, result, by, time.monotonic() - start))


def shown(source, mutant):
    old = source[mutant.start:mutant.end].decode().split("\n")[0]
    return f"{mutant.kind}: {old or '(nothing)'} -> {mutant.text or '(nothing)'}"


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tests/mutate.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE", help="of engine/; default: all that this machine can run")
    parser.add_argument("--count", type=int, metavar="N", help="so many of all faults; default: each")
    parser.add_argument("--seed", type=int, default=1, help="which ones, default 1")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="each fault and what became of it, a line each")
    parser.add_argument("--again", action="store_true", help="judge those once more that survived, by all tests")
    return parser.parse_args(arguments)


def key_of(file, mutant):
    return file, mutant.start, mutant.end, mutant.text


def read_outcomes(path):
    """Those of an earlier run."""
    outcomes = []
    for line in path.read_text().splitlines() if path and path.exists() else []:
        fields = json.loads(line)
        mutant = mutants.Mutant(*(fields.pop(field.name) for field in dataclasses.fields(mutants.Mutant)))
        outcomes.append(Outcome(mutant, **fields))
    return outcomes


def show(outcome):
    if outcome.result == "survived":
        source = (TREE / outcome.file).read_bytes()
        print(f"{outcome.file}:{outcome.mutant.line}: {shown(source, outcome.mutant)}", flush=True)


def line_of(outcome):
    return json.dumps({**dataclasses.asdict(outcome.mutant), "file": outcome.file, "result": outcome.result,
                       "by": outcome.by, "seconds": round(outcome.seconds, 1)}) + "\n"


def main():
    options = parse(sys.argv[1:])
    copy_tree()
    names = [str(pathlib.Path(file).resolve().relative_to(ROOT)) for file in options.files] or all_files()
    suites = {isas: Suite(isas) for isas in sorted({isas_of(name) for name in names})}
    found = []
    for name in names:
        arguments, unit = suites[isas_of(name)].arguments(name)
        found += [(name, mutant) for mutant in mutants.find_mutants(TREE / name, arguments, unit)]
    if options.count and options.count < len(found):
        found = sorted(random.Random(options.seed).sample(found, options.count), key=lambda item: (item[0], item[1].start))
    print(f"{len(found)} faults in {len(names)} files", flush=True)
    wanted = {key_of(*item) for item in found}
    outcomes = [old for old in read_outcomes(options.json) if key_of(old.file, old.mutant) in wanted
                and not (options.again and old.result == "survived")]
    if options.json:
        options.json.write_text("".join(map(line_of, outcomes)))
    for outcome in outcomes:
        show(outcome)
    known = {key_of(outcome.file, outcome.mutant) for outcome in outcomes}

    def report(outcome):
        outcomes.append(outcome)
        show(outcome)
        if options.json:
            with options.json.open("a") as file:
                file.write(line_of(outcome))
        if sys.stderr.isatty():
            print(f"\r{len(outcomes)} of {len(found)}", end="", file=sys.stderr, flush=True)

    for isas, suite in suites.items():
        chosen = {name: [mutant for file, mutant in found if file == name and key_of(file, mutant) not in known]
                  for name in names if isas_of(name) == isas}
        if any(chosen.values()):
            suite.prepare()
        for name, of_file in chosen.items():
            judge_file(name, of_file, suite, options.again, report)
    count = {result: sum(outcome.result == result for outcome in outcomes)
             for result in ("killed", "survived", "equivalent", "not built")}
    alive = count["killed"] + count["survived"]
    print(", ".join(f"{number} {result}" for result, number in count.items()) +
          (f": {100 * count['killed'] / alive:.1f} % found" if alive else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
