"""The copy of the tree, and what is built of it."""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time

from plan import BOARDS, FOLDER, ROOT, TREE, WHOLE_TESTS, all_tests, is_tested_alone, unit_of

JOBS = str(os.cpu_count())


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


def target(test):
    return f"test_{test}" if test == BOARDS else f"test_engine_{test}"


class Suite:
    """A build with the kernels of some ISAs, and its unit tests."""

    def __init__(self, isas):
        self.build_folder = FOLDER / "-".join(isas)
        self.tests = all_tests(isas)
        configured = run("cmake", "-G", "Unix Makefiles", "-S", TREE, "-B", self.build_folder, "-DCMAKE_BUILD_TYPE=Debug",
                         "-DPICOVAE_BUILD_BENCH=OFF", "-DCMAKE_CXX_FLAGS_DEBUG=-O1", "-DPICOVAE_KERNEL_OPT=-O1",
                         "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", f"-DPICOVAE_ONLY_ISAS={';'.join(isas)}")
        if configured.returncode != 0:
            sys.exit(f"tests/mutate.sh: {configured.stdout}")

    def program(self, test):
        return self.build_folder / "tests" / target(test)

    def build(self, tests):
        return run("cmake", "--build", self.build_folder, "-j", JOBS, "--target", *map(target, tests)).returncode == 0

    def keep(self, folder):
        """What is built of a folder stays as it was although a header is broken: make takes its objects for newer."""
        for pattern in "*.gch", "*.o", "*.a":
            for path in (self.build_folder / folder).rglob(pattern):
                os.utime(path)

    def digest(self, test):
        return hashlib.sha256(self.program(test).read_bytes()).hexdigest()

    def prepare(self):
        """Builds the tests, and notes how long each takes when nothing is broken."""
        if not self.build(self.tests):
            sys.exit("tests/mutate.sh: the tests do not build")
        self.seconds = {}
        for test in self.tests:
            start = time.monotonic()
            if run(self.program(test)).returncode != 0:
                sys.exit(f"tests/mutate.sh: {test} fails with nothing broken")
            self.seconds[test] = time.monotonic() - start
        self.digests = {test: self.digest(test) for test in self.tests}
        self.engine_is_whole = True

    def arguments(self, name):
        """libclang's, for the syntax tree of a file, and the unit in which it is."""
        base = ["-x", "c++", "-std=c++20", f"-I{TREE}/engine/include", f"-I{TREE}/engine/src", f"-I{TREE}",
                f"-I{self.build_folder}/engine/generated", "-DPICOVAE_SHAPE=784,300,300,50"]
        if unit_of(name) is None:
            return base, TREE / name
        unit = self.build_folder / "engine/generated" / unit_of(name)
        commands = json.loads((self.build_folder / "compile_commands.json").read_text())
        words = next(command["command"] for command in commands if command["file"] == str(unit)).split()
        return [*base, *(word for word in words if re.match(r"-m|-isystem|-I", word)),
                *(f"-isystem{after}" for word, after in zip(words, words[1:]) if word == "-isystem")], unit

    def fails(self, test):
        """How a test that was built found the fault; None: it passes."""
        try:
            if run(self.program(test), timeout=10 * self.seconds[test] + 20).returncode != 0:
                return test
        except subprocess.TimeoutExpired:
            return f"{test} (hangs)"
        return None

    def judge(self, broken, own):
        """(result, the test that found it) of what is in the tree now. broken: the file; own: tests that are likely to
        find it. The tools, which make the tests' models, stay whole."""
        steps = [[test] for test in own]
        steps.append([test for test in self.tests if test in WHOLE_TESTS and test not in own])
        self.keep("tools")
        if is_tested_alone(broken, own):
            self.keep("engine")
            result = self.run_steps(steps[:1])
            if result[0] in ("killed", "not built"):
                return result
            os.utime(broken)
            self.keep("tools")
        self.engine_is_whole = False
        return self.run_steps(steps)

    def mend_engine(self):
        """Builds it of the tree as it is now: whole."""
        if not self.engine_is_whole:
            run("cmake", "--build", self.build_folder, "-j", JOBS, "--target", "picovae")
            self.engine_is_whole = True

    def run_steps(self, steps):
        """Builds and runs tests, a step after the other, until one fails."""
        changed = False
        for step in steps:
            if step and not self.build(step):
                return "not built", ""
            for test in sorted(step, key=self.seconds.get):
                if self.digest(test) != self.digests[test]:
                    changed = True
                    if by := self.fails(test):
                        return "killed", by
        return ("survived" if changed else "equivalent"), ""
