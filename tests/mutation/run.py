"""Breaks the engine on purpose, a small fault at a time, and counts how many of them the unit tests find.

   tests/mutate.sh engine/src/blob.cpp                 all faults of a file
   tests/mutate.sh --count 100 engine/src/*.cpp        a sample of many files, the same for a seed

A fault that does not compile does not count. One that leaves the programs as they were, byte for byte, is equivalent.
One that no test finds is printed, with its line: it is equivalent as well, or a test is missing. Nothing of the working
tree is changed: a copy in build/mutation is."""
import argparse
import dataclasses
import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import mutants  # noqa: E402

FOLDER = ROOT / "build/mutation"
TREE, BUILD = FOLDER / "tree", FOLDER / "build"
JOBS = str(os.cpu_count())
ARGUMENTS = ["-x", "c++", "-std=c++20", f"-I{TREE}/engine/include", f"-I{TREE}/engine/src", f"-I{TREE}",
             f"-I{BUILD}/engine/generated", "-DPICOVAE_SHAPE=784,300,300,50"]
BOARDS = "ports_plain_kernels"
# Tests of a file besides those with its name: test_blob.cpp and test_blob_values.cpp are those of blob.cpp.
MORE_TESTS = {
    "verify": ["blob_values", "blob_sections", "self_test", "attack_mended"],
    "blob": ["attack", "attack_mended", "live_section"],
    "blob_checks": ["blob", "blob_values", "blob_sections"],
    "c_api": ["steps"],
    "forward": ["vae", "steps", "score"],
    "layers": ["vae", "forward", "score", "steps"],
    "ranges": ["blob_values", "latent"],
    "requantize": ["kernels"],
    "scalar": ["kernels", "activation", "half"],
    **dict.fromkeys(["small", "rv32", "plain", "dense", "plain_s4"], [BOARDS, "live"]),
}


@dataclasses.dataclass
class Outcome:
    mutant: mutants.Mutant
    file: str
    result: str       # killed, survived, equivalent, not built
    by: str = ""      # the test that found it
    seconds: float = 0


def copy_tree():
    """The files of the repository, so that those that did not change keep their time."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                           stdout=subprocess.PIPE, text=True).stdout.split("\n")
    for name in filter(None, names):
        source, copy = ROOT / name, TREE / name
        if source.is_file() and not (copy.is_file() and copy.read_bytes() == source.read_bytes()):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)


def run(*command, timeout=None):
    return subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=timeout)


def configure():
    result = run("cmake", "-S", TREE, "-B", BUILD, "-DCMAKE_BUILD_TYPE=Debug", "-DPICOVAE_BUILD_BENCH=OFF",
                 "-DCMAKE_CXX_FLAGS_DEBUG=-O1", "-DPICOVAE_KERNEL_OPT=-O1")
    if result.returncode != 0:
        sys.exit(f"tests/mutate.sh: {result.stdout}")


def all_tests():
    """The engine's unit tests, and those of the boards' kernels that a host has."""
    engine = sorted(path.stem.removeprefix("test_") for path in (TREE / "tests/engine").glob("test_*.cpp"))
    return [*engine, BOARDS]


def own_tests(stem, tests):
    named = [test for test in tests if test == stem or test.startswith(f"{stem}_")]
    return [*named, *(test for test in MORE_TESTS.get(stem, []) if test not in named)] or tests


def target(test):
    return f"test_{test}" if test == BOARDS else f"test_engine_{test}"


def build(tests):
    return run("cmake", "--build", BUILD, "-j", JOBS, "--target", *map(target, tests)).returncode == 0


def digest(tests):
    return {test: hashlib.sha256((BUILD / "tests" / target(test)).read_bytes()).hexdigest() for test in tests}


class Suite:
    """The unit tests, and how long each takes when nothing is broken."""

    def __init__(self):
        self.tests = all_tests()
        if not build(self.tests):
            sys.exit("tests/mutate.sh: the tests do not build")
        self.seconds = {}
        for test in self.tests:
            start = time.monotonic()
            if run(BUILD / "tests" / target(test)).returncode != 0:
                sys.exit(f"tests/mutate.sh: {test} fails with nothing broken")
            self.seconds[test] = time.monotonic() - start
        self.tests.sort(key=self.seconds.get)
        self.digests = digest(self.tests)

    def first_failure(self, tests):
        """The test that fails, crashes or hangs; None: all pass."""
        for test in sorted(tests, key=self.seconds.get):
            try:
                if run(BUILD / "tests" / target(test), timeout=10 * self.seconds[test] + 20).returncode != 0:
                    return test
            except subprocess.TimeoutExpired:
                return f"{test} (hangs)"
        return None

    def judge(self, tests):
        """(result, the test that found it) of what is in the tree now."""
        if not build(tests):
            return "not built", ""
        if all(value == self.digests[test] for test, value in digest(tests).items()):
            return "equivalent", ""
        failed = self.first_failure(tests)
        return ("killed", failed) if failed else ("survived", "")


def judge_file(name, chosen, suite, report):
    path = TREE / name
    source = path.read_bytes()
    own = own_tests(path.stem, suite.tests)
    for mutant in chosen:
        start = time.monotonic()
        path.write_bytes(mutant.apply(source))
        try:
            result, by = suite.judge(own)
            if result in ("survived", "equivalent"):
                result, by = suite.judge(suite.tests)
        finally:
            path.write_bytes(source)
        report(Outcome(mutant, name, result, by, time.monotonic() - start))


def shown(source, mutant):
    old = source[mutant.start:mutant.end].decode().split("\n")[0]
    return f"{mutant.kind}: {old or '(nothing)'} -> {mutant.text or '(nothing)'}"


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tests/mutate.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE", help="of engine/, but for those of one ISA")
    parser.add_argument("--count", type=int, metavar="N", help="so many of all faults; default: each")
    parser.add_argument("--seed", type=int, default=1, help="which ones, default 1")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="each fault and what became of it")
    return parser.parse_args(arguments)


def main():
    options = parse(sys.argv[1:])
    names = [str(pathlib.Path(file).resolve().relative_to(ROOT)) for file in options.files]
    copy_tree()
    configure()
    suite = Suite()
    found = [(name, mutant) for name in names for mutant in mutants.find_mutants(TREE / name, ARGUMENTS)]
    if options.count and options.count < len(found):
        found = sorted(random.Random(options.seed).sample(found, options.count), key=lambda item: (item[0], item[1].start))
    print(f"{len(found)} faults in {len(names)} files", flush=True)
    outcomes = []

    def report(outcome):
        outcomes.append(outcome)
        if outcome.result == "survived":
            source = (TREE / outcome.file).read_bytes()
            print(f"{outcome.file}:{outcome.mutant.line}: {shown(source, outcome.mutant)}", flush=True)
        if sys.stderr.isatty():
            print(f"\r{len(outcomes)} of {len(found)}", end="", file=sys.stderr, flush=True)

    for name in names:
        judge_file(name, [mutant for file, mutant in found if file == name], suite, report)
    count = {result: sum(outcome.result == result for outcome in outcomes)
             for result in ("killed", "survived", "equivalent", "not built")}
    alive = count["killed"] + count["survived"]
    print(", ".join(f"{number} {result}" for result, number in count.items()) +
          (f": {100 * count['killed'] / alive:.1f} % found" if alive else ""))
    if options.json:
        options.json.write_text(json.dumps([{**dataclasses.asdict(outcome.mutant), "file": outcome.file,
                                             "result": outcome.result, "by": outcome.by} for outcome in outcomes],
                                           indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
