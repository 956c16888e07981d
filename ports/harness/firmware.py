"""What is in a firmware that was linked: bytes, symbols, stack."""
import functools
import re
import subprocess

from harness.architectures import ARM
from harness.script import Failure

# A heap, exceptions, stdio, floating point: a board must not be linked with them.
UNWELCOME = re.compile(r"malloc|free|_sbrk|printf|puts|abort|__cxa_.*|_Unwind_.*|_Z(n[wa]|d[la]).*"
                       r"|__aeabi_(c?[df].*|u?[il]2[df])"
                       r"|__(add|sub|mul|div|eq|ne|g[te]|l[te]|unord)[sd]f[23]|__(float|fix|extend|trunc)\w+f\w*")


def output_of(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def parse_sections(text):
    """Section -> bytes, from `size -A`."""
    return {name: int(size) for name, size in re.findall(r"^(\.\S+) +(\d+) +\d+$", text, re.M)}


def parse_unwelcome(text):
    """The unwelcome symbols in what nm prints."""
    names = [line.split()[-1] for line in text.splitlines() if line.strip()]
    return [name for name in names if UNWELCOME.fullmatch(name)]


def sum_frames(text):
    """The bytes of all frames in the lines of .su files."""
    total = 0
    for line in text.splitlines():
        function, size, kind = line.split("\t")
        if kind not in ("static", "dynamic,bounded"):
            raise Failure(f"the stack has no bound: the frame of {function} is {kind}")
        total += int(size)
    return total


def linked_objects(text):
    """The object files in a linker's map."""
    return re.findall(r"^LOAD (.+\.obj)$", text, re.M)


class Firmware:
    """An .elf with its linker's map beside it."""

    def __init__(self, elf, architecture=ARM):
        self.elf, self.architecture = elf, architecture

    def said_by(self, tool, *options):
        """What a program of binutils says of it."""
        return output_of(f"{self.architecture.prefix}-{tool}", *options, self.elf)

    @functools.cached_property
    def sections(self):
        return parse_sections(self.said_by("size", "-A"))

    def bytes_of(self, *sections):
        return sum(self.sections.get(section, 0) for section in sections)

    def unwelcome_symbols(self):
        return parse_unwelcome(self.said_by("nm"))

    def stack_bound(self):
        """Bytes that the stack cannot exceed: no function calls itself, so the frames of all of them together."""
        objects = [self.elf.parent / name for name in linked_objects(self.elf.with_suffix(".map").read_text())]
        frames = [path.with_suffix(".su") for path in objects]
        return sum(sum_frames(path.read_text()) for path in frames if path.exists()) + self.architecture.unseen_stack
