#!/usr/bin/env python3
"""Builds the two C firmwares for an STM32F405 and runs them on an emulated one. Ends with 0 only if the serial line of
main.c shows the digits that picovae draws, and 1,000 of them have the model's signature; and if watch.c, around a model
of a vibration sensor that is trained here, gives every window the score and the alarm that picovae gives it."""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from harness import watcher  # noqa: E402
from harness.emulator import emulated  # noqa: E402
from harness.firmware import Firmware  # noqa: E402
from harness.picovae import SHIPPED, Picovae, add_picovae  # noqa: E402
from harness.script import JOBS, ROOT, Failure, Log, Parser, need, progress, readable, run_script  # noqa: E402

NAME = "ports/stm32f4/run.sh"
DIGITS = 1000    # that the model's signature covers
SIDE_BY_SIDE = 3
TIMEOUT = 60     # seconds for 1,000 digits
# Sections of stm32f405rg_flash.ld.
FLASH = (".isr_vector", ".text", ".rodata", ".ARM.extab", ".ARM", ".preinit_array", ".init_array", ".data")
RAM = (".data", ".ccmram", ".bss", "._user_heap_stack")


def parse(arguments):
    parser = Parser(NAME, __doc__, "ports/stm32f4/run.sh --picovae build/picovae")
    parser.add_argument("--model", type=readable, default=SHIPPED, metavar="FILE",
                        help="an s8 .pvae with a decoder, default engine/models/mnist_s8.pvae")
    add_picovae(parser)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/stm32f4", metavar="DIR",
                        help="default build/stm32f4")
    options = parser.parse_args(arguments)
    options.build = options.build.resolve()
    return options


def build(options, picovae, log):
    """Returns both firmwares, the sensor's model, and what picovae says of the models in them."""
    model, sensor = options.build / "model", options.build / "sensor"
    for folder in model, sensor:
        folder.mkdir(exist_ok=True)
    picovae.export(options.model, "cortex-m", "--decoder-only", "--c-array", model / "digits.c",
                   "--out", model / "model.pvae")
    watched = watcher.make_model(picovae, sensor)
    picovae.export(watched, "cortex-m", "--c-array", sensor / "sensor.c", "--out", sensor / "board.pvae")
    log.run("cmake", "-S", HERE, "-B", options.build, "--toolchain", HERE.parent / "boards/arm/toolchain.cmake",
            "-DPICOVAE_WERROR=ON", f"-DPICOVAE_MODEL_FOLDER={model}", f"-DPICOVAE_SENSOR_FOLDER={sensor}")
    log.run("cmake", "--build", options.build, "-j", str(JOBS))
    return (Firmware(options.build / "stm32f405.elf"), picovae.info(model / "model.pvae"),
            Firmware(options.build / "stm32f405_watch.elf"), picovae.info(sensor / "board.pvae"), watched)


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
    with emulated(elf, TIMEOUT) as (received, _):
        return read_digits(line.decode(errors="replace").removesuffix("\n") for line in received)


def beside_each_other(digits):
    """As `picovae generate --ascii` prints them."""
    return "".join(" ".join(rows) + "\n" for rows in zip(*(rows for rows, _ in digits)))


def check_digits(picovae, model, signature, elf):
    """Returns the picture of the first of them."""
    digits = emulate(elf)
    drawn = beside_each_other(digits[:SIDE_BY_SIDE])
    if drawn != picovae.output("generate", model, "--seed", "1", "--count", str(SIDE_BY_SIDE), "--ascii"):
        raise Failure("the board draws other digits than the host")
    found = f"{digits[-1][1]:08x}"
    if found != signature:
        raise Failure(f"1,000 digits have CRC-32C {found}; the model's signature is {signature}")
    return drawn


def sizes(firmware, model):
    flash, ram, stack = firmware.bytes_of(*FLASH), firmware.bytes_of(*RAM), firmware.bytes_of("._user_heap_stack")
    return (f"{flash - model['bytes']} bytes of code, {model['bytes']} of model, {ram} of RAM with {stack} of stack")


def main(arguments):
    options = parse(arguments)
    need("build boards", "cmake", "arm-none-eabi-gcc", "arm-none-eabi-g++", "qemu-system-arm")
    log = Log(options.build / "build.log")
    picovae = Picovae(options.picovae, log)
    progress("building stm32f405.elf and stm32f405_watch.elf")
    draws, model, watches, sensor, watched = build(options, picovae, log)
    progress("running the first until it has drawn 1,000 digits")
    print(check_digits(picovae, options.model, model["signature"], draws.elf), end="")
    print(f"stm32f405: {sizes(draws, model)}; 1,000 digits have the signature {model['signature']}")
    progress("sending windows of a sensor to the second")
    said = watcher.check(picovae, watched, watches.elf, options.build / "sensor")
    print(f"stm32f405_watch: {sizes(watches, sensor)}; {said}")
    return 0


if __name__ == "__main__":
    run_script(NAME, main)
