"""The host's picovae program: it packs models for boards and says what is in them."""
import functools
import json
import os
import shutil
import subprocess

from harness.script import JOBS, ROOT, Failure, progress, runnable

DEFAULT = ROOT / "build/picovae"
SHIPPED = ROOT / "engine/models/mnist_s8.pvae"


def add_picovae(parser):
    """The option of scripts that pack models."""
    parser.add_argument("--picovae", type=runnable, metavar="FILE",
                        help="the program that packs models, default build/picovae; built if it is missing")


def shape_of(description):
    """A model's shape as `picovae train --shape` takes it, from what `picovae info --json` says."""
    return "-".join(map(str, description["shape"]))


def kind_of(description):
    """The shape, and whether hidden layers have ReLU and the decoder weights of 4 bits: what budgets are for."""
    relu = " relu" if description.get("activation") == "relu" else ""
    return shape_of(description) + relu + (" s4" if description.get("decoder_bits") == 4 else "")


def packing_of(layout):
    """The model that ships, packed for boards."""
    return SHIPPED.with_name(f"{SHIPPED.stem}_{layout}.pvae")


def printed_by(*command):
    """What a program prints; if it fails, that is a Failure with its message."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        raise Failure(result.stderr.strip())
    return result.stdout


class Picovae:
    def __init__(self, program, log):
        """The program; None is build/picovae, which is built when it is first needed and not there."""
        self.given, self.log = program, log

    @functools.cached_property
    def program(self):
        program = self.given or DEFAULT
        if not os.access(program, os.X_OK):
            progress(f"building {program}")
            self.log.run("cmake", "-S", ROOT, "-B", ROOT / "build", "-DCMAKE_BUILD_TYPE=Release",
                         "-DPICOVAE_BUILD_TESTS=OFF", "-DPICOVAE_BUILD_BENCH=OFF")
            self.log.run("cmake", "--build", ROOT / "build", "-j", str(JOBS), "--target", "picovae_program")
        return program

    def output(self, *arguments):
        """Runs it. Returns what it prints."""
        return printed_by(self.program, *arguments)

    def export(self, model, layout, *options):
        self.output("export", model, "--layout", layout, *options)

    def info(self, model):
        """What `picovae info --json` says."""
        return json.loads(self.output("info", model, "--json"))

    def train(self, option, epochs, folder):
        """Trains and quantizes a model of MNIST in a folder. Returns it. option: what makes it small, such as
        --fit=256K."""
        data = printed_by(ROOT / "tools/fetch_mnist.sh").splitlines()[-1]
        trained, model = folder / "model.safetensors", folder / "model.pvae"
        self.output("train", option, "--epochs", str(epochs), "--seed", "1", "--data", data, "--out", trained)
        self.output("quantize", trained, "--data", data, "--out", model)
        return model

    def pack(self, model, layout, decoder_only, folder):
        """Writes LAYOUT.pvae, and beside it LAYOUT.json with what it is. Returns the model and its description."""
        packed = folder / f"{layout}.pvae"
        if model == SHIPPED and not decoder_only:  # comes packed, so that boards need no program of the host
            shutil.copyfile(packing_of(layout), packed)
            shutil.copyfile(packing_of(layout).with_suffix(".json"), packed.with_suffix(".json"))
            return packed, json.loads(packed.with_suffix(".json").read_text())
        self.export(model, layout, "--out", packed, *(["--decoder-only"] if decoder_only else []))
        description = self.info(packed)
        packed.with_suffix(".json").write_text(json.dumps(description, indent=2) + "\n")
        return packed, description
