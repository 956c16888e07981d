"""What differs between the architectures of boards: tools of the compiler, emulator, and what is known of the stack."""
import dataclasses
import functools
import pathlib
import re
import subprocess


@dataclasses.dataclass(frozen=True)
class Architecture:
    name: str           # its folder in ports/boards/
    prefix: str         # of GCC and binutils
    emulator: tuple     # the command, in which instructions are counted; then -M MACHINE -kernel ELF
    compilers: tuple    # that its folder has a toolchain file of
    unseen_stack: int   # bytes of frames that no compiler reports

    def flags(self, core):
        return [f"-mcpu={core}", "-mthumb"] if self.name == "arm" else [f"-march={core}"]

    @functools.cached_property
    def headers(self):
        """Options for the headers of freestanding C++, if the compiler comes without: those that GCC for Arm has."""
        if self.name == "arm":
            return []
        said = subprocess.run([f"{ARM.prefix}-g++", "-E", "-v", "-x", "c++", "/dev/null"], check=True, text=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE).stderr
        folders = [pathlib.Path(folder) for folder in re.findall(r"^ (\S*c\+\+\S*)$", said, re.M)]
        return [f"-isystem{folder}" for folder in folders if folder.is_dir()]


QUIET = ("-display", "none", "-monitor", "none", "-serial", "null",
         "-semihosting-config", "enable=on,target=native")
# Functions in assembly language of a Cortex-M have 21 words at most, and an interrupt may push 26 words and padding. On
# RISC-V there is neither: no interrupt is on, and a fault begins the stack anew.
ARM = Architecture("arm", "arm-none-eabi", ("qemu-system-arm", *QUIET, "-icount", "shift=6"), ("gcc", "clang"),
                   84 + 108)
# With shift=0 an instruction is a nanosecond, which is what mcycle counts there.
RISCV = Architecture("riscv", "riscv64-unknown-elf",
                     ("qemu-system-riscv32", "-bios", "none", *QUIET, "-icount", "shift=0"), ("gcc",), 0)


def architecture_of(core):
    return RISCV if core.startswith("rv") else ARM
