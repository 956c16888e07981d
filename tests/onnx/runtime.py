#!/usr/bin/env python3
"""Exported models in ONNX Runtime, on node: an s8 model must give its own signatures, an f32 model the values and the
ELBO that picovae computes. Then the usual export of the s8 model (qdq.py), for comparison.

   runtime.py BUILD S8_MODEL F32_MODEL MNIST_FOLDER [ROWS.json]
BUILD has picovae and tests/model_outputs. The row for tests/stages/matrix.py is written if it has a name.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np
import onnx

sys.dont_write_bytecode = True
import exported  # noqa: E402
import qdq  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
TYPES = {"float32": np.dtype("<f4"), "int32": np.dtype("<i4"), "uint8": np.dtype(np.uint8)}


def fail(text):
    sys.exit(f"runtime.py: {text}")


class OnnxRuntime:
    def __init__(self, folder):
        self.folder = folder
        self.runtime = subprocess.run([HERE / "fetch_onnxruntime.sh"], check=True, stdout=subprocess.PIPE,
                                      text=True).stdout.strip()
        self.version = self.runtime.rpartition("-")[2]
        self.us = 0  # of one row of the last run

    def run(self, model, inputs, timed=0):
        """The outputs {name: array} for arrays of inputs."""
        job = {"model": str(model), "batch": 100, "timed": timed, "inputs": {}, "outputs": {}}
        for name, values in inputs.items():
            file = self.folder / f"{name}.in"
            values.tofile(file)
            job["inputs"][name] = {"type": values.dtype.name, "width": values.shape[1], "file": str(file)}
        told = {o.name: o.type.tensor_type for o in onnx.load(model).graph.output}
        job["outputs"] = {name: str(self.folder / f"{name}.out") for name in told}
        ran = subprocess.run(["node", HERE / "run.mjs", self.runtime], input=json.dumps(job), text=True,
                             stdout=subprocess.PIPE, check=True)
        self.us = json.loads(ran.stdout)["us"]
        return {name: np.fromfile(job["outputs"][name], onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[kind.elem_type])
                .reshape(-1, kind.shape.dim[1].dim_value) for name, kind in told.items()}


def describe(name, model, runtime):
    z = np.zeros((1, model.info["shape"][-1]), np.int32 if model.exact else np.float32)
    runtime.run(model.decoder, {"z": z}, timed=500)
    sizes = [path.stat().st_size for path in (model.encoder, model.decoder)]
    print(f"{name}: encoder {model.nodes()[0]} nodes, {sizes[0]} bytes; decoder {model.nodes()[1]} nodes, {sizes[1]} "
          f"bytes, {runtime.us:.0f} us a digit")


def run_snippet(runtime, model):
    """The JavaScript of EXPORT.md, as it stands there, beside a folder onnx/."""
    folder = runtime.folder / "snippet"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(model.folder, folder / "onnx")
    (folder / "node_modules").symlink_to(pathlib.Path(runtime.runtime) / "node_modules")
    text = (HERE.parents[1] / "tools/format/EXPORT.md").read_text()
    code = re.search(r"```js\n(.*?)```", text, re.DOTALL)[1]
    (folder / "snippet.mjs").write_text(code + "console.log(again.type, again.dims.join(), again.data.some((p) => p > 0));")
    said = subprocess.run(["node", "snippet.mjs"], cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout
    if said != "uint8 1,784 true\n":
        fail(f"EXPORT.md's JavaScript: {said}")


def main():
    build, s8, f32, mnist, *rows = map(pathlib.Path, sys.argv[1:])
    folder = build / "onnx"
    folder.mkdir(exist_ok=True)
    runtime = OnnxRuntime(folder)
    images = np.fromfile(mnist / "t10k-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 784)

    model = exported.Exported(build / "picovae", build / "tests/model_outputs", s8, folder / "s8", runtime.run)
    describe("s8", model, runtime)
    digits, reconstructions = model.signatures()
    ok = (digits, reconstructions) == (model.info["signature"], model.info["signature_reconstruct"])
    row = {"target": "ONNX Runtime", "compiler": runtime.version, "isa": "node", "ok": ok, "signature": digits,
           "signature_reconstruct": reconstructions, "codes": model.codes(images)}
    for path in rows:
        path.write_text(json.dumps([row], indent=1))
    print(f"signatures {digits} {reconstructions}, codes {row['codes']}")
    if not ok or model.difference() != (0, 0):
        fail("ONNX Runtime computes another model")
    run_snippet(runtime, model)
    others = qdq.decode(model.decoder, folder / "qdq.onnx", model.z, runtime.run)
    equal = np.all(others == model.pixels, axis=1).sum()
    print(f"the usual export of the same weights, QDQ: {equal} of {len(others)} digits right, "
          f"{np.mean(others != model.pixels):.1%} of pixels differ")

    model = exported.Exported(build / "picovae", build / "tests/model_outputs", f32, folder / "f32", runtime.run,
                              images=len(images))
    describe("f32", model, runtime)
    values, steps = model.difference()
    told = json.loads(subprocess.run([build / "picovae", "eval", f32, "--data", mnist, "--samples", "1", "--json"],
                                     check=True, stdout=subprocess.PIPE).stdout)["neg_elbo"]
    elbo = model.neg_elbo(images)
    pixels = model.pixel_difference()
    print(f"pixels differ by {pixels:.1e}, logits and posteriors by {values:.1e} of the largest in their row; negative "
          f"ELBO {elbo:.4f}, by picovae {told:.4f}")
    if max(values, pixels) > 1e-5 or steps > 0.51 or abs(elbo - told) > 0.01:
        fail("ONNX Runtime computes another model")


if __name__ == "__main__":
    main()
