#!/usr/bin/env python3
"""Writes a library for other people's tools: the engine's sources, a model, an example, the licence.

  arduino      a folder for Arduino's libraries
  platformio   a library for lib_deps
  zephyr       a module, with a sample
  esp-idf      a component
  single-file  picovae.h and picovae.cpp, for any build

An M55 or M85 wants --layout mve, all other cores the default."""
import pathlib
import re
import shutil
import tempfile

from harness.amalgam import amalgamate
from harness.picovae import SHIPPED, Picovae, add_picovae
from harness.script import PORTS, ROOT, Failure, Log, Parser, readable, run_script

NAME = "ports/package.py"
ENGINE = ROOT / "engine"
TEMPLATES = PORTS / "package"
PACKAGES = ("arduino", "platformio", "zephyr", "esp-idf", "single-file")
# The engine's own C++: public headers, what they share with the sources, the sources.
HEADERS = sorted(ENGINE.glob("include/picovae/*.h*"))
PRIVATE = [ENGINE / "src" / name for name in ("blob_checks.hpp", "requantize.hpp")]
SOURCES = sorted(ENGINE.glob("src/*.cpp"))
KERNELS = sorted(ENGINE.glob("src/board/*.?pp"))
LAYOUTS = {"cortex-m": "kCortexM", "mve": "kMve"}


def parse(arguments):
    parser = Parser(NAME, __doc__, "ports/package.py arduino --decoder-only --out ~/Arduino/libraries/picovae")
    parser.add_argument("package", choices=PACKAGES, metavar="NAME", help=", ".join(PACKAGES))
    parser.add_argument("--model", type=readable, default=SHIPPED, metavar="FILE",
                        help="an s8 .pvae, default engine/models/mnist_s8.pvae")
    parser.add_argument("--decoder-only", action="store_true", help="leave the model's encoder out")
    parser.add_argument("--layout", choices=LAYOUTS, default="cortex-m", help="default cortex-m")
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="DIR", help="must be empty or not there")
    add_picovae(parser)
    options = parser.parse_args(arguments)
    if options.out.exists() and (not options.out.is_dir() or any(options.out.iterdir())):
        raise Failure(f"{options.out} is not empty")
    return options


def version():
    numbers = dict(re.findall(r"PICOVAE_VERSION_(\w+) (\d+)$", (ENGINE / "include/picovae/version.h").read_text(), re.M))
    return "{MAJOR}.{MINOR}.{PATCH}".format(**numbers)


def columns_of(pixels):
    """Of a picture: as square as the pixels divide, and wider than high."""
    return pixels // max(n for n in range(1, pixels + 1) if n * n <= pixels and pixels % n == 0)


def config_of(description, layout):
    """What other builds give to the compiler."""
    lines = [f"#define PICOVAE_SHAPE {', '.join(map(str, description['shape']))}",
             f"#define PICOVAE_ONLY_LAYOUT {LAYOUTS[layout]}"]
    if description["decoder_bits"] == 4:
        lines.append("#define PICOVAE_S4")
    if description["activation"] == "relu":
        lines.append("#define PICOVAE_RELU")
    return "// The engine is built for models such as picovae_model.\n#pragma once\n\n" + "\n".join(lines) + "\n"


def main_header(description):
    return ("// The engine for C and C++ (picovae/picovae.h, or picovae/vae.hpp for C++17), and the model of this library.\n"
            '#pragma once\n\n#include "picovae/config.h"\n#include "picovae_model.h"\n#include "picovae/picovae.h"\n\n'
            f"#define PICOVAE_MODEL_COLUMNS {columns_of(description['shape'][0])}\n")


def write_sources(folder, config, header, model):
    """The engine as its build files have it, but with one include path, `folder`."""
    for source in (*HEADERS, *PRIVATE, *SOURCES, *KERNELS):
        place = folder / source.relative_to(ENGINE / ("include" if source in HEADERS else "src"))
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)
    (folder / "picovae_config.h").write_text(config)
    (folder / "picovae.h").write_text(header)
    for name in "picovae_model.c", "picovae_model.h":
        shutil.copy(model / name, folder / name)


def write_single_file(folder, config, header, model):
    """All of it in two files."""
    texts = {"picovae_model.h": (model / "picovae_model.h").read_text(),
             "picovae/picovae_and_model.h": header}
    texts |= {str(file.relative_to(ENGINE / "include")): file.read_text() for file in HEADERS}
    texts["picovae/config.h"] = config
    texts |= {str(file.relative_to(ENGINE / "src")): file.read_text() for file in (*PRIVATE, *SOURCES, *KERNELS)}
    texts["picovae_model.c"] = (model / "picovae_model.c").read_text()
    public, seen = amalgamate(texts, ["picovae/picovae_and_model.h"])
    (folder / "picovae.h").write_text(public)
    # First the headers that a source of one core is not the only one to include: its text is in an #if.
    shared = [f"board/{name}.hpp" for name in ("core", "dense", "plain", "plain_s4")]
    sources = [name for name in texts if name.endswith(".cpp") and name != "c_api.cpp"]
    # In the end what is not in the namespace.
    rest, _ = amalgamate(texts, [*shared, *sources, "c_api.cpp", "picovae_model.c"], seen)
    (folder / "picovae.cpp").write_text('#include "picovae.h"\n' + rest)


def fill(folder, values):
    """Puts the values in place of @NAME@ in the templates."""
    for file in folder.rglob("*"):
        if file.is_file() and file.parent != folder / "src":
            text = file.read_text()
            if filled := re.sub(r"@([A-Z]+)@", lambda match: str(values[match[1]]), text):
                file.write_text(filled)


def examples(package, folder):
    """Where the example of a package goes, and what it is."""
    sketch = (TEMPLATES / "arduino/examples/draw/draw.ino").read_text()
    program = (TEMPLATES / "draw.c").read_text()
    place, text = {"arduino": (None, ""),
                   "platformio": ("examples/draw/src/main.cpp", "#include <Arduino.h>\n\n" + sketch),
                   "zephyr": ("sample/src/main.c", program),
                   "esp-idf": ("examples/draw/main/main.c", program),
                   "single-file": ("draw.c", program)}[package]
    if place:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text)


def main(arguments):
    options = parse(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        picovae = Picovae(options.picovae, Log(scratch / "build.log"))
        decoder = ["--decoder-only"] if options.decoder_only else []
        picovae.export(options.model, options.layout, "--c-array", scratch / "picovae_model.c", *decoder)
        picovae.export(options.model, options.layout, "--out", scratch / "model.pvae", *decoder)
        description = picovae.info(scratch / "model.pvae")
        config, header = config_of(description, options.layout), main_header(description)
        folder = options.out
        if (TEMPLATES / options.package).is_dir():
            shutil.copytree(TEMPLATES / options.package, folder, dirs_exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        fill(folder, {"VERSION": version(), "RAM": description["ram"]})
        if options.package == "single-file":
            write_single_file(folder, config, header, scratch)
        else:
            write_sources(folder / "src", config, header, scratch)
        examples(options.package, folder)
        shutil.copy(ROOT / "LICENSE", folder)
        count = sum(file.is_file() for file in folder.rglob("*"))
        print(f"{folder}: {count} files, the model has {description['bytes']} bytes")
    return 0


if __name__ == "__main__":
    run_script(NAME, main)
