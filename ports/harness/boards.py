"""The boards of ports/boards/boards.txt, which says what the fields are."""
import dataclasses

from harness.architectures import architecture_of
from harness.script import PORTS


@dataclasses.dataclass(frozen=True)
class Board:
    name: str
    memory: str
    machine: str
    core: str
    family: str  # the kernels are engine/src/board/<family>.cpp
    clock: str
    training: str  # the option of `picovae train` for a model that fits; -: the model that ships fits
    flags: tuple

    @property
    def emulated(self):
        return self.machine != "none"

    @property
    def trains(self):
        return self.training != "-"

    @property
    def architecture(self):
        return architecture_of(self.core)

    @property
    def layout(self):
        """The layout of the weights that the family's kernels read."""
        return "mve" if self.family == "mve" else "cortex-m"


def parse_boards(text):
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [Board(*fields[:7], tuple(fields[7:])) for fields in lines]


def all_boards():
    return parse_boards((PORTS / "boards/boards.txt").read_text())
