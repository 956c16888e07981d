#!/usr/bin/env python3
"""The library for Arduino in Arduino's own builder: it finds the library by its properties, compiles the example sketch
with it, and links it to a core, which is made up here around an STM32F405. Emulated, the sketch draws what picovae draws.
    arduino.py PICOVAE FOLDER       FOLDER is written anew"""
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "ports"), str(pathlib.Path(__file__).parent)]
from harness.emulator import emulated  # noqa: E402
from test_package import DIGITS, M4, drawn_by, run  # noqa: E402

STM32F4 = ROOT / "ports/stm32f4"
BUILDER = pathlib.Path("/usr/share/arduino-builder")  # Debian's settings for the tools that it calls
# One of those in library.properties: a library is for the cores that it names.
ARCHITECTURE = "stm32"
BOARD = """\
made_up.name=STM32F405
made_up.build.core=arduino
made_up.build.board=MADE_UP
made_up.upload.maximum_size=1048576
"""
PLATFORM = """\
name=Made up
version=1.0.0
flags={cpu} -Os -ffreestanding -ffunction-sections -fdata-sections -Wall -Wextra
prefix=arm-none-eabi-
recipe.c.o.pattern={{prefix}}gcc -c {{flags}} -std=gnu11 {{includes}} "{{source_file}}" -o "{{object_file}}"
recipe.cpp.o.pattern={{prefix}}g++ -c {{flags}} -std=gnu++17 -fno-exceptions -fno-rtti -fno-threadsafe-statics {{includes}} \
"{{source_file}}" -o "{{object_file}}"
recipe.ar.pattern={{prefix}}ar rcs "{{archive_file_path}}" "{{object_file}}"
recipe.c.combine.pattern={{prefix}}gcc {cpu} -nostartfiles -nostdlib -Wl,--gc-sections "-T{script}" \
-Wl,--whole-archive "{{build.path}}/{{archive_file}}" -Wl,--no-whole-archive {{object_files}} -lgcc \
-o "{{build.path}}/{{build.project_name}}.elf"
recipe.preproc.macros={{prefix}}g++ {{flags}} -std=gnu++17 -w -x c++ -E -CC {{includes}} "{{source_file}}" \
-o "{{preprocessed_file_path}}"
recipe.size.pattern={{prefix}}size -A "{{build.path}}/{{build.project_name}}.elf"
recipe.size.regex=^(?:\\.isr_vector|\\.text|\\.rodata|\\.data)\\s+([0-9]+).*
"""
CORE = """\
#pragma once
#include <stdint.h>
extern "C" {
#include "usart.h"
}
void setup();
void loop();
inline void delay(unsigned long) {}
struct Console {
  void begin(long) { open_usart(); }
  void print(char c) {
    const char text[] = {c, 0};
    write_text(text);
  }
  void println(const char* text = "") {
    write_text(text);
    write_text("\\n");
  }
};
inline Console Serial;
"""
MAIN = """\
#include <Arduino.h>
int main() {
  setup();
  for (;;) loop();
}
"""


def write_hardware(folder):
    """A folder of Arduino's hardware with one board."""
    platform = folder / "picovae" / ARCHITECTURE
    core = platform / "cores/arduino"
    core.mkdir(parents=True)
    (platform / "boards.txt").write_text(BOARD)
    (platform / "platform.txt").write_text(PLATFORM.format(cpu=" ".join(M4), script=STM32F4 / "stm32f405rg_flash.ld"))
    (core / "Arduino.h").write_text(CORE)
    (core / "main.cpp").write_text(MAIN)
    for source in *(STM32F4 / name for name in ("startup_stm32f405.c", "registers.h", "usart.c", "usart.h")), \
            ROOT / "ports/common/memory.cpp":
        shutil.copy(source, core)


def build(folder):
    """Returns the firmware and what the builder says."""
    sketch = folder / "libraries/picovae/examples/draw/draw.ino"
    (folder / "build").mkdir()
    said = run("arduino-builder", "-compile", "-hardware", BUILDER, "-hardware", folder / "hardware", "-tools", BUILDER,
               "-libraries", folder / "libraries", "-fqbn", f"picovae:{ARCHITECTURE}:made_up", "-build-path",
               folder / "build", "-warnings", "all", "-verbose", sketch)
    return folder / "build/draw.ino.elf", said


def main():
    picovae, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    write_hardware(folder / "hardware")
    run(sys.executable, ROOT / "ports/package.py", "arduino", "--decoder-only", "--picovae", picovae, "--out",
        folder / "libraries/picovae")
    elf, said = build(folder)
    if warnings := re.findall(r".*warning.*", said, re.I):
        sys.exit("arduino.py: " + "\n".join(warnings))
    version = re.search(r"^version=(.*)$", (folder / "libraries/picovae/library.properties").read_text(), re.M)[1]
    if f"Using library picovae at version {version}" not in said:
        sys.exit(f"arduino.py: the builder did not take the library:\n{said}")

    drawn = drawn_by(picovae, folder)
    with emulated(elf, timeout=60) as (received, _):
        printed = "".join(received.readline().decode(errors="replace") for _ in drawn.splitlines())
    if printed != drawn:
        sys.exit(f"arduino.py: the sketch draws other digits than picovae:\n{printed}")
    print(printed[:len(printed) // DIGITS] + re.search(r"Sketch uses.*", said)[0])


if __name__ == "__main__":
    main()
