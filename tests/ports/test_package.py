#!/usr/bin/env python3
"""What ports/package.py writes: all of it compiles as the tools that it is for compile it, for Arm and here, and the
examples draw what the host draws.    test_package.py PICOVAE"""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PICOVAE = ""
MODEL = ROOT / "engine/models/mnist_s8.pvae"
DIGITS = 10
PACKAGES = "arduino", "platformio", "zephyr", "esp-idf", "single-file"
WARNINGS = "-Wall -Wextra -Wpedantic -Werror".split()
M4 = "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16".split()
# How the tools compile C and C++: a core's own options, and those that differ between them.
STANDARDS = {"arduino": ("gnu11", "gnu++17"), "platformio": ("gnu11", "gnu++17"), "zephyr": ("c11", "c++17"),
             "esp-idf": ("gnu17", "gnu++2a"), "single-file": ("c99", "c++17")}
ARDUINO = """#pragma once
#include <stdint.h>
#include <stdio.h>
struct Console {
  void begin(long) {}
  void print(char c) { putchar(c); }
  void println(const char* text = "") { puts(text); }
};
static Console Serial;
inline void delay(unsigned long) {}
"""


def run(*command):
    result = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{result.stdout}")
    return result.stdout


def as_text(pixels):
    lines = [pixels[at:at + 28] for at in range(0, len(pixels), 28)]
    return "".join("".join(" .:-=+*#%@"[pixel * 10 // 256] for pixel in line) + "\n" for line in lines)


def drawn_by(picovae, folder):
    """The digits that the examples draw."""
    digits = folder / "digits.idx"
    run(picovae, "generate", MODEL, "--count", DIGITS, "--seed", "1", "--idx", digits)
    pixels = digits.read_bytes()[16:]  # behind the header of three dimensions
    return "".join(as_text(pixels[at:at + 784]) for at in range(0, 784 * DIGITS, 784))


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = pathlib.Path(tempfile.mkdtemp())
        for package in PACKAGES:
            run(sys.executable, ROOT / "ports/package.py", package, "--decoder-only", "--picovae", PICOVAE, "--out",
                cls.scratch / package)
        cls.drawn = drawn_by(PICOVAE, cls.scratch)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.scratch)

    def compile(self, package, sources, includes, c, cxx, options):
        """Each source with the package's standards. Returns the objects."""
        c_standard, cxx_standard = STANDARDS[package]
        objects = []

        def one(source):
            compiler = [c, f"-std={c_standard}"] if source.suffix == ".c" else [cxx, f"-std={cxx_standard}"]
            out = self.scratch / "objects" / package / c / f"{source.parent.name}-{source.name}.o"
            out.parent.mkdir(parents=True, exist_ok=True)
            run(*compiler, *options, *WARNINGS, *includes, "-c", source, "-o", out)
            objects.append(out)

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(one, sources))
        return objects

    def library(self, package):
        """The sources of the library and its include path."""
        folder = self.scratch / package
        if package == "single-file":
            return [folder / "picovae.cpp"], [f"-I{folder}"]
        return sorted(path for path in (folder / "src").rglob("*") if path.suffix in (".c", ".cpp")), [f"-I{folder}/src"]

    def check_drawing(self, package, program):
        """The example on this machine, which runs the kernels in plain C++."""
        sources, includes = self.library(package)
        objects = self.compile(package, [*sources, program], [*includes, f"-I{self.scratch}"], "gcc", "g++", ["-O1"])
        run("g++", *objects, "-o", self.scratch / f"{package}.program")
        self.assertEqual(run(self.scratch / f"{package}.program").removesuffix("ok\n"), self.drawn)

    def test_sketches(self):
        (self.scratch / "Arduino.h").write_text(ARDUINO)
        main = "\nint main() {\n  setup();\n  for (int i = 0; i < 10; ++i) loop();\n}\n"
        for package, sketch in ("arduino", "examples/draw/draw.ino"), ("platformio", "examples/draw/src/main.cpp"):
            program = self.scratch / f"{package}.cpp"
            text = (self.scratch / package / sketch).read_text()
            program.write_text("#include <Arduino.h>\n" + text + main)
            self.check_drawing(package, program)

    def test_programs_in_c(self):
        for package, program in (("zephyr", "sample/src/main.c"), ("esp-idf", "examples/draw/main/main.c"),
                                 ("single-file", "draw.c")):
            self.check_drawing(package, self.scratch / package / program)

    def need_arm(self):
        """The compiler and, of another package, its headers."""
        program = "arm-none-eabi-g++"
        if not shutil.which(program) or subprocess.run([program, "-ffreestanding", "-x", "c++", "-fsyntax-only", "-"],
                                                       input="#include <array>", stderr=subprocess.DEVNULL,
                                                       text=True).returncode:
            self.skipTest("no arm-none-eabi-g++, or none with headers of C++")

    def test_arm(self):
        self.need_arm()
        options = "-Os -ffreestanding -ffunction-sections -fdata-sections -fno-exceptions".split()
        for package in PACKAGES:
            self.compile(package, *self.library(package), "arm-none-eabi-gcc", "arm-none-eabi-g++", [*M4, *options])

    def test_single_file_for_all_cores(self):
        self.need_arm()
        for core in "cortex-m0plus", "cortex-m3", "cortex-m33", "cortex-m55 -mfloat-abi=hard":
            self.compile("single-file", *self.library("single-file"), "arm-none-eabi-gcc", "arm-none-eabi-g++",
                         [*f"-mthumb -mcpu={core}".split(), "-Os", "-ffreestanding"])

    def test_the_readme_way_to_an_emulated_board(self):
        self.need_arm()
        if not shutil.which("qemu-system-arm"):
            self.skipTest("no qemu-system-arm")
        block = re.search(r"```sh\n(ports/package.py single-file .*?)```", (ROOT / "ports/README.md").read_text(), re.S)[1]
        self.assertLessEqual(len(block.splitlines()), 12)
        block = block.replace("build/single", str(self.scratch / "board")).replace(" --out", f" --picovae {PICOVAE} --out")
        result = subprocess.run(["bash", "-c", block], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(result.returncode, 124, result.stdout)  # stopped: firmware does not end
        self.assertIn(self.drawn + "ok", result.stdout.replace("\r", ""))

    def test_manifests(self):
        properties = dict(line.split("=", 1) for line in
                          (self.scratch / "arduino/library.properties").read_text().splitlines())
        for key in "name version author maintainer sentence paragraph category url architectures includes".split():
            self.assertIn(key, properties)
        self.assertEqual(properties["category"], "Data Processing")  # one of Arduino's list
        self.assertTrue((self.scratch / "arduino/src" / properties["includes"]).is_file())
        version = properties["version"]
        self.assertRegex(version, r"^\d+\.\d+\.\d+$")
        library = json.loads((self.scratch / "platformio/library.json").read_text())
        self.assertEqual((library["name"], library["version"]), ("picovae", version))
        for example in library["examples"]:
            for file in example["files"]:
                self.assertTrue((self.scratch / "platformio" / example["base"] / file).is_file(), file)
        component = dict(line.split(": ", 1) for line in
                         (self.scratch / "esp-idf/idf_component.yml").read_text().splitlines() if line[0] != " "
                         and not line.endswith(":"))
        self.assertEqual(component["version"].strip('"'), version)
        for package in PACKAGES:
            self.assertEqual((self.scratch / package / "LICENSE").read_text(), (ROOT / "LICENSE").read_text())
            for file in (self.scratch / package).rglob("*"):
                if file.is_file() and file.suffix in {".properties", ".json", ".yml", ".ini", ".txt"}:
                    self.assertNotRegex(file.read_text(), "@[A-Z]+@", file)

    def test_a_folder_with_files_is_left_alone(self):
        result = subprocess.run([sys.executable, ROOT / "ports/package.py", "arduino", "--out",
                                 self.scratch / "arduino"], stderr=subprocess.PIPE, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("is not empty", result.stderr)

    def test_the_model_decides_what_the_engine_is_built_for(self):
        sys.path.insert(0, str(ROOT / "ports"))
        import package
        description = {"shape": [15, 7, 3], "decoder_bits": 4, "activation": "relu"}
        config = package.config_of(description, "mve")
        for line in "PICOVAE_SHAPE 15, 7, 3", "PICOVAE_ONLY_LAYOUT kMve", "PICOVAE_S4", "PICOVAE_RELU":
            self.assertIn(f"#define {line}\n", config)
        self.assertEqual([package.columns_of(n) for n in (784, 15, 7, 64)], [28, 5, 7, 8])


if __name__ == "__main__":
    PICOVAE = sys.argv.pop(1)
    unittest.main()
