#!/usr/bin/env python3
"""Builds the explorer: the engine as WebAssembly, a model and a page around them in one HTML file, which any browser
opens from anywhere. Then node signs the model, with vectors and without. Ends with 0 only if all signatures are the
model's."""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from harness.picovae import printed_by  # noqa: E402
from harness.script import (JOBS, ROOT, Failure, Log, Misuse, Parser, need, progress, readable, run_script,  # noqa: E402
                            writable)
from page import make_page  # noqa: E402

NAME = "ports/web/run.sh"
SIGNATURES = ("signature", "signature_reconstruct", "signature_scores", "codes")
LARGEST = 1_000_000  # bytes of the page with the model that ships
SHIPPED = ROOT / "engine/models/mnist_s8.pvae"


def parse(arguments):
    parser = Parser(NAME, __doc__, "ports/web/run.sh --model build/demo/model.pvae --out digits.html")
    parser.add_argument("--model", type=readable, metavar="FILE", default=SHIPPED,
                        help="a .pvae in the host layout, to start with; default engine/models/mnist_s8.pvae")
    parser.add_argument("--out", type=writable, metavar="FILE", help="default build/web/explorer.html")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/web", metavar="DIR",
                        help="default build/web")
    parser.add_argument("--data", type=pathlib.Path, metavar="DIR",
                        help="a data set in IDX files, whose test images are encoded too")
    parser.add_argument("--json", type=writable, metavar="FILE", help="the signatures as JSON")
    options = parser.parse_args(arguments)
    if options.data and not (options.data / "t10k-images-idx3-ubyte").is_file():
        raise Misuse(f"{options.data} has no t10k-images-idx3-ubyte; give the folder of a data set")
    options.build = options.build.resolve()
    options.out = options.out or options.build / "explorer.html"
    return options


def build_module(folder, *targets):
    """Builds modules. Returns their folder."""
    need("build web", "cmake", "clang++", "wasm-ld", "node")
    progress(f"building the module in {folder}")
    log = Log(folder / "log.txt")
    log.run("cmake", "-S", HERE, "-B", folder / "module", "--toolchain", HERE / "toolchain.cmake", "-DPICOVAE_WERROR=ON")
    log.run("cmake", "--build", folder / "module", "-j", str(JOBS), "--target", *targets)
    return folder / "module"


def sign(module, options):
    """Has node sign the model. Returns a row for each ISA of the build; none of a float model."""
    signed = printed_by("node", HERE / "sign.mjs", module, options.model, *([options.data] if options.data else []))
    compiler = f"clang {printed_by('clang++', '-dumpversion').strip()}"
    return [{"compiler": compiler, **row} for row in json.loads(signed)]


def main(arguments):
    options = parse(arguments)
    module = build_module(options.build, "picovae_web", "picovae_web_kernels") / "picovae_web.wasm"
    rows = sign(module, options)
    page = make_page(module.read_bytes(), options.model.read_bytes(), options.model.name)
    options.out.write_text(page)
    for row in rows:
        print(f"{row['target']} / {row['isa']:8}", *(f"{key} {row[key]}" for key in SIGNATURES if key in row),
              "ok" if row["ok"] else "NOT THE MODEL'S")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"{options.out}: {len(page.encode())} bytes, {module.stat().st_size} of them the module before packing")
    if options.model == SHIPPED and len(page.encode()) > LARGEST:
        raise Failure(f"the page has more than {LARGEST} bytes")
    return 0 if all(row["ok"] for row in rows) else 1


if __name__ == "__main__":
    run_script(NAME, main)
