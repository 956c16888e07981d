#!/usr/bin/env python3
"""Builds the C firmware for an STM32F405 around a model and runs it on an emulated one. Ends with 0 only if its serial
line shows the digits that picovae draws, and 1,000 of them have the model's signature."""
import pathlib
import re
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from harness.firmware import Firmware  # noqa: E402
from harness.picovae import Picovae  # noqa: E402
from harness.script import (JOBS, ROOT, Failure, Log, Parser, need, progress, readable, run_script,  # noqa: E402
                            runnable)

NAME = "ports/stm32f4/run.sh"
DIGITS = 1000    # that the model's signature covers
SIDE_BY_SIDE = 3
TIMEOUT = 60     # seconds for 1,000 digits
# Sections of stm32f405rg_flash.ld.
FLASH = (".isr_vector", ".text", ".rodata", ".ARM.extab", ".ARM", ".preinit_array", ".init_array", ".data")
RAM = (".data", ".ccmram", ".bss", "._user_heap_stack")


def parse(arguments):
    parser = Parser(NAME, __doc__, "ports/stm32f4/run.sh --picovae build/picovae")
    parser.add_argument("--model", type=readable, default=ROOT / "engine/models/mnist_s8.pvae", metavar="FILE",
                        help="an s8 .pvae with a decoder, default engine/models/mnist_s8.pvae")
    parser.add_argument("--picovae", type=runnable, metavar="FILE",
                        help="the program that packs models, default build/picovae; built if it is missing")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/stm32f4", metavar="DIR",
                        help="default build/stm32f4")
    options = parser.parse_args(arguments)
    options.build = options.build.resolve()
    return options


def build(options, picovae, log):
    """Returns the firmware, and what picovae says of the model in it."""
    folder = options.build / "model"
    folder.mkdir(exist_ok=True)
    picovae.export(options.model, "cortex-m", "--decoder-only", "--c-array", folder / "digits.c",
                   "--out", folder / "model.pvae")
    model = picovae.info(folder / "model.pvae")
    log.run("cmake", "-S", HERE, "-B", options.build, "--toolchain", HERE.parent / "cortex-m/toolchain.cmake",
            "-DPICOVAE_WERROR=ON", f"-DPICOVAE_MODEL_FOLDER={folder}")
    log.run("cmake", "--build", options.build, "-j", str(JOBS))
    return Firmware(options.build / "stm32f405.elf"), model


def read_digits(lines):
    """The digits in what the firmware sends: of each its rows and the CRC-32C of all so far."""
    digits = []
    rows = []
    for line in lines:
        if line.startswith("failed: "):
            raise Failure(f"the board says: {line}")
        if match := re.fullmatch(r"crc32c ([0-9a-f]+)", line):
            digits.append((rows, int(match[1], 16)))
            if len(digits) == DIGITS:
                return digits
        elif line == f"digit {len(digits)}":
            rows = []
        else:
            rows.append(line)
    raise Failure(f"{len(digits)} digits, then the serial line ends or {TIMEOUT} s are over")


def emulate(elf):
    """Runs the firmware until it has drawn all digits."""
    command = ["qemu-system-arm", "-M", "netduinoplus2", "-display", "none", "-monitor", "none", "-serial", "stdio",
               "-kernel", elf]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as emulator:
        timer = threading.Timer(TIMEOUT, emulator.kill)
        timer.start()
        try:
            return read_digits(line.removesuffix("\n") for line in emulator.stdout)
        finally:
            timer.cancel()
            emulator.kill()


def beside_each_other(digits):
    """As `picovae generate --ascii` prints them."""
    return "".join(" ".join(rows) + "\n" for rows in zip(*(rows for rows, _ in digits)))


def main(arguments):
    options = parse(arguments)
    need("build boards", "cmake", "arm-none-eabi-gcc", "arm-none-eabi-g++", "qemu-system-arm")
    log = Log(options.build / "build.log")
    picovae = Picovae(options.picovae, log)
    progress("building stm32f405.elf")
    firmware, model = build(options, picovae, log)
    progress("running it until it has drawn 1,000 digits")
    digits = emulate(firmware.elf)

    drawn = beside_each_other(digits[:SIDE_BY_SIDE])
    if drawn != picovae.output("generate", options.model, "--seed", "1", "--count", str(SIDE_BY_SIDE), "--ascii"):
        raise Failure("the board draws other digits than the host")
    signature = f"{digits[-1][1]:08x}"
    if signature != model["signature"]:
        raise Failure(f"1,000 digits have CRC-32C {signature}; the model's signature is {model['signature']}")
    print(drawn, end="")
    flash, ram, stack = firmware.bytes_of(*FLASH), firmware.bytes_of(*RAM), firmware.bytes_of("._user_heap_stack")
    print(f"stm32f405: {flash - model['bytes']} bytes of code, {model['bytes']} of model, {ram} of RAM with {stack} of "
          f"stack; 1,000 digits have the signature {signature}")
    return 0


if __name__ == "__main__":
    run_script(NAME, main)
