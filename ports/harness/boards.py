"""The boards of ports/cortex-m/boards/boards.txt, which says what the fields are."""
import dataclasses

from harness.script import PORTS

LAYOUTS = ("cortex-m", "mve")


@dataclasses.dataclass(frozen=True)
class Board:
    name: str
    linker_script: str
    machine: str
    core: str
    family: str  # the kernels are engine/src/cortex_m/<family>.cpp
    clock: str
    flags: tuple

    @property
    def emulated(self):
        return self.machine != "none"

    @property
    def layout(self):
        """The layout of the weights that the family's kernels read."""
        return "mve" if self.family == "mve" else "cortex-m"


def parse_boards(text):
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [Board(*fields[:6], tuple(fields[6:])) for fields in lines]


def all_boards():
    return parse_boards((PORTS / "cortex-m/boards/boards.txt").read_text())
