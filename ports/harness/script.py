"""What the scripts of ports/ share: how they end, what they need, and how they run other programs."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PORTS = ROOT / "ports"
JOBS = os.cpu_count() or 1


class Failure(Exception):
    """Ends the script with a message."""
    status = 1


class Misuse(Failure):
    """Ends the script with a message: it was called in a wrong way."""
    status = 2

    def __str__(self):
        return f"{super().__str__()} (see --help)"


class Parser(argparse.ArgumentParser):
    """Options by their whole names only. Mistakes are Misuse."""

    def __init__(self, name, description, example):
        super().__init__(prog=name, description=description, epilog=f"Example: {example}", allow_abbrev=False,
                         formatter_class=argparse.RawDescriptionHelpFormatter)

    def error(self, message):
        raise Misuse(message)


def run_script(name, main):
    """Ends the process with what main(arguments) returns; a Failure becomes a message and its status."""
    try:
        sys.exit(main(sys.argv[1:]))
    except Failure as failure:
        print(f"{name}: {failure}", file=sys.stderr)
        sys.exit(failure.status)
    except KeyboardInterrupt:
        sys.exit(130)


def progress(message):
    print(f"== {message}", file=sys.stderr, flush=True)


def readable(text):
    """The type of an option that names a file to read."""
    if not os.access(text, os.R_OK):
        raise argparse.ArgumentTypeError(f"cannot read {text}")
    return pathlib.Path(text).resolve()


def runnable(text):
    """The type of an option that names a program."""
    if not os.access(text, os.X_OK):
        raise argparse.ArgumentTypeError(f"cannot run {text}")
    return pathlib.Path(text).resolve()


def writable(text):
    """The type of an option that names a file to write."""
    try:
        with open(text, "a"):
            return pathlib.Path(text).resolve()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot write {text}: {error.strerror}") from error


def need(packages, *programs):
    """Fails if a program is missing. packages: groups of tools/install_packages.sh that have them all."""
    for program in programs:
        if not shutil.which(program):
            raise Failure(f"no {program}; run tools/install_packages.sh {packages}")


class Log:
    """Runs programs silently. What they print goes to a file, and to stderr if one fails."""

    def __init__(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        self.path = path

    def run(self, *command):
        with self.path.open("a") as file:
            status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file).returncode
        if status != 0:
            sys.stderr.write(self.path.read_text(errors="replace"))
            raise Failure(f"{command[0]} failed; the lines above are {self.path}")
