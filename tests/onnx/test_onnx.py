"""picovae export --onnx: files that onnx's checker accepts and that compute what picovae computes.
   test_onnx.py PICOVAE MODEL_OUTPUTS"""
import json
import os
import pathlib
import re
import stat
import subprocess
import sys
import types

import numpy as np
import onnx

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools/commands"))
import cli  # noqa: E402
import exported  # noqa: E402
import operators  # noqa: E402

MODEL_OUTPUTS = ""
OPSET_OF_2020 = 13


class Onnx(cli.CliTest):
    SHAPE = ("--hidden", "40,24", "--latent", 8)

    def export(self, model, *options, count=1000):
        return exported.Exported(cli.PROGRAM, MODEL_OUTPUTS, model, self.root / "onnx", operators.run, count=count,
                                 options=options)

    def check(self, path):
        proto = onnx.load(path)
        onnx.checker.check_model(proto, full_check=True)
        self.assertEqual([o.version for o in proto.opset_import], [OPSET_OF_2020])
        graph = proto.graph
        names = [n.name for n in graph.node] + [t.name for t in graph.initializer]
        self.assertEqual(len(names), len(set(names)))
        # Every tensor has a type and a shape, and rows are free.
        told = [*graph.input, *graph.output, *graph.value_info]
        self.assertEqual(sorted(v.name for v in told),
                         sorted([v.name for v in graph.input] + [o for n in graph.node for o in n.output]))
        for value in [*graph.input, *graph.output]:
            self.assertEqual(value.type.tensor_type.shape.dim[0].dim_param, "N")
            self.assertTrue(value.doc_string)
        self.assertTrue(proto.doc_string)
        # And it is what onnx infers.
        inferred = onnx.shape_inference.infer_shapes(proto, check_type=True, strict_mode=True, data_prop=True)
        self.assertEqual(sorted(v.name for v in inferred.graph.value_info), sorted(v.name for v in graph.value_info))
        return proto, {p.key: p.value for p in proto.metadata_props}

    def quantize(self, name, *options):
        out = self.root / f"{name}.pvae"
        self.good("quantize", self.f32, "--data", self.data, "--out", out, *options)
        return out

    def test_floats_agree(self):
        halves = [self.quantize(kind, "--type", kind) for kind in ("f16", "bf16")]
        for model in (self.f32, *halves):
            with self.subTest(model.name):
                model = self.export(model)
                proto, metadata = self.check(model.encoder)
                self.assertEqual([n.op_type for n in proto.graph.node], ["Gemm", "Softplus"] * 2 + ["Gemm"] * 2)
                self.assertEqual(proto.graph.initializer[0].name, "encoder.0.weight")
                self.assertEqual(list(proto.graph.initializer[0].dims), [40, 784])
                self.assertEqual(metadata["picovae.type"], model.info["type"])
                proto, metadata = self.check(model.decoder)
                self.assertEqual([o.name for o in proto.graph.output], ["logits", "pixels"])
                self.assertEqual(metadata["picovae.model_id"], model.info["model_id"])
                self.assertEqual(metadata["picovae.shape"], "784-40-24-8")
                self.assertEqual(metadata["picovae.columns"], "28")
                self.assertEqual("epochs" in metadata, model.info["type"] == "f32")  # what training said
                values, steps = model.difference()
                self.assertLess(values, 1e-5)
                self.assertLess(steps, 0.501)
                self.assertLess(model.pixel_difference(), 1e-5)

    def test_integers_are_equal(self):
        for name, options in (("pruned", ("--prune", 0.5)), ("whole", ("--prune", 0)), ("s4", ("--decoder-bits", 4)),
                              ("seven bits", ("--activations", 127))):
            with self.subTest(name):
                model = self.export(self.quantize(name, *options))
                for path in (model.encoder, model.decoder):
                    proto, metadata = self.check(path)
                    self.assertEqual(metadata["picovae.type"], "s8")
                    for key in ("model_id", "signature", "signature_reconstruct"):
                        self.assertEqual(metadata[f"picovae.{key}"], model.info[key])
                    floats = [t.name for t in [*proto.graph.input, *proto.graph.output, *proto.graph.value_info]
                              if t.type.tensor_type.elem_type == onnx.TensorProto.FLOAT]
                    self.assertEqual(floats, [])
                    # Hidden activations end where the model says; 8191 and 32767 are those of latents and of t.
                    greatest = {int(onnx.numpy_helper.to_array(t)) for t in proto.graph.initializer if not t.dims}
                    self.assertEqual(greatest & {127, 170}, {model.info["greatest_activation"]})
                self.assertEqual(model.difference(), (0, 0))
                self.assertEqual(model.signatures(), (model.info["signature"], model.info["signature_reconstruct"]))
                dead = name != "whole"
                self.assertEqual(model.info["dead_outputs"] > 0, dead)
                self.assertEqual(any(n.op_type == "Pad" for n in proto.graph.node), dead)

    def test_latents_are_clipped(self):
        model = self.export(self.s8, count=2)
        far, edge = (model.run(model.decoder, {"z": np.array([[q, -q] * 4], np.int32)})["logits"].tolist()
                     for q in (2**31 - 1, 8191))
        self.assertEqual(far, edge)

    def test_other_layouts_and_a_decoder_alone(self):
        folder = self.root / "board"
        board, decoder = self.root / "mve.pvae", self.root / "decoder.pvae"
        self.good("export", self.s8, "--layout", "mve", "--out", board)
        self.good("export", self.s8, "--layout", "host", "--decoder-only", "--out", decoder)
        self.good("export", self.s8, "--onnx", folder)
        whole = {p.name: p.read_bytes() for p in folder.iterdir()}
        self.assertEqual(sorted(whole), ["decoder.onnx", "encoder.onnx"])
        self.good("export", board, "--onnx", folder)
        self.assertEqual({p.name: p.read_bytes() for p in folder.iterdir()}, whole)
        for model, options in ((decoder, ()), (self.s8, ("--decoder-only",)), (self.f32, ("--decoder-only",))):
            alone = self.root / f"alone{len(options)}{model.suffix}"
            self.good("export", model, "--onnx", alone, *options)
            self.assertEqual([p.name for p in alone.iterdir()], ["decoder.onnx"])
        self.assertEqual(self.export(decoder, "--decoder-only").difference(), (0, 0))

    def test_the_python_of_the_document(self):
        class InferenceSession:  # of the package onnxruntime, which Debian has not
            def __init__(self, path):
                self.path = path

            def run(self, names, inputs):
                outputs = operators.run(self.path, inputs)
                return [outputs[name] for name in names]

        text = (pathlib.Path(__file__).parents[2] / "tools/format/EXPORT.md").read_text()
        code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1].replace("onnx/", f"{self.root}/document/")
        # Its model has 50 latents, ours 8.
        self.good("export", self.s8, "--onnx", self.root / "document")
        seen = {}
        sys.modules["onnxruntime"] = types.SimpleNamespace(InferenceSession=InferenceSession)
        exec(code.replace("(16, 50)", "(16, 8)"), seen)
        self.assertEqual((seen["digits"].shape, seen["digits"].dtype), ((16, 784), np.uint8))
        self.assertEqual((seen["again"].shape, seen["again"].dtype), ((16, 784), np.uint8))
        self.assertEqual(seen["mu"].shape, (16, 8))

    def test_a_model_from_standard_input(self):
        folder = self.root / "piped"
        with open(self.f32, "rb") as file:
            subprocess.run([cli.PROGRAM, "export", "-", "--onnx", folder], stdin=file, check=True, capture_output=True)
        self.good("export", self.f32, "--onnx", self.root / "named")
        for name in ("encoder.onnx", "decoder.onnx"):
            self.assertEqual((folder / name).read_bytes(), (self.root / "named" / name).read_bytes())

    def test_what_cannot_be_written(self):
        export = ["export", self.s8, "--onnx"]
        new = self.root / "new"
        self.bad(1, *export, self.s8, says="is no folder")
        self.bad(1, *export, self.root / "no" / "folder", says="no/folder")
        self.bad(1, "export", self.data, "--onnx", new)
        self.assertFalse(new.exists())
        for half in ("encoder", "decoder"):
            taken = self.root / f"taken-{half}"
            (taken / f"{half}.onnx").mkdir(parents=True)
            self.bad(1, *export, taken, says=f"{half}.onnx")
            self.assertEqual([p.name for p in taken.iterdir()], [f"{half}.onnx"])
        if os.geteuid() != 0:  # who may write everywhere
            taken = self.root / "read-only"
            taken.mkdir()
            taken.chmod(stat.S_IRUSR | stat.S_IXUSR)
            self.bad(1, *export, taken, says=str(taken))

    def test_a_full_disk(self):
        whole, new, old = (self.root / f"disk-{name}" for name in ("whole", "new", "old"))
        self.good("export", self.s8, "--onnx", whole)
        old.mkdir()
        kept = {p.name: b"old" for p in whole.iterdir()}
        for name, content in kept.items():
            (old / name).write_bytes(content)
        # No file may grow so far as the decoder's, which is written last.
        blocks = (whole / "decoder.onnx").stat().st_size // 1024 - 1
        for folder in (new, old):
            result = subprocess.run(["bash", "-c", f"trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"", "bash",
                                     cli.PROGRAM, "export", self.s8, "--onnx", folder], capture_output=True, text=True)
            self.assertEqual(result.returncode, 1)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
            self.assertIn(".onnx: cannot be written", result.stderr)
        self.assertFalse(new.exists())
        self.assertEqual({p.name: p.read_bytes() for p in old.iterdir()}, kept)


class Relu(cli.CliTest):
    SHAPE = ("--hidden", "40,24", "--latent", 8, "--activation", "relu")
    HIDDEN = 2

    def test_equal(self):
        for bits in 8, 4:
            model = self.root / f"s{bits}.pvae"
            self.good("quantize", self.f32, "--data", self.data, "--out", model, "--decoder-bits", bits)
            exact = exported.Exported(cli.PROGRAM, MODEL_OUTPUTS, model, self.root / f"s{bits}", operators.run)
            self.assertEqual(exact.difference(), (0, 0))
            self.assertEqual(exact.signatures(), (exact.info["signature"], exact.info["signature_reconstruct"]))

    def test_floats_agree_and_come_back(self):
        model = exported.Exported(cli.PROGRAM, MODEL_OUTPUTS, self.f32, self.root / "f32", operators.run)
        self.assertEqual([n.op_type for n in onnx.load(model.encoder).graph.node], ["Gemm", "Relu"] * self.HIDDEN + ["Gemm"] * 2)
        self.assertLess(model.difference()[0], 1e-5)
        again = self.root / "again.safetensors"
        self.good("import", model.encoder, model.decoder, "--out", again)
        self.assertEqual([json.loads(self.good("info", each, "--json"))["model_id"] for each in (self.f32, again)],
                         [model.info["model_id"]] * 2)


class OneHidden(Relu):
    SHAPE = ("--hidden", "40", "--latent", 8, "--activation", "relu")
    HIDDEN = 1


class Odd(cli.CliTest):
    """No width is a multiple of anything."""
    SHAPE = ("--hidden", "7,5", "--latent", 3)
    write_data = staticmethod(lambda folder: cli.write_data(folder, 600, 60, 3, 5))

    def test_equal(self):
        model = exported.Exported(cli.PROGRAM, MODEL_OUTPUTS, self.s8, self.root / "s8", operators.run)
        self.assertEqual(model.difference(), (0, 0))
        self.assertEqual(model.signatures(), (model.info["signature"], model.info["signature_reconstruct"]))
        model = exported.Exported(cli.PROGRAM, MODEL_OUTPUTS, self.f32, self.root / "f32", operators.run)
        self.assertLess(model.difference()[0], 1e-5)


if __name__ == "__main__":
    MODEL_OUTPUTS = str(pathlib.Path(sys.argv.pop(2)).resolve())
    cli.main()
