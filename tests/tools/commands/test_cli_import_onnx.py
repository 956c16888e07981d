"""picovae import reads ONNX: its own exports, graphs as exporters write them, and nothing that it does not understand.
   test_cli_import_onnx.py PROGRAM"""

import json
import pathlib
import sys

import numpy as np
import onnx
import onnx.external_data_helper
import onnx.helper
import onnx.numpy_helper

sys.dont_write_bytecode = True
import cli
from test_cli_import import LAYERS, read, write

SHAPE = (784, 20, 16, 5)


class ImportOnnx(cli.CliTest):
    SHAPE = ("--shape", "-".join(map(str, SHAPE)))

    def setUp(self):
        self.tensors = {name: array for name, array in read(self.f32).items() if not name.startswith("picovae.")}
        self.out = self.root / "imported.safetensors"

    # --- graphs ---

    def initializers(self, layers):
        return [onnx.numpy_helper.from_array(self.tensors[f"{layer}.{kind}"].copy(), f"{layer}.{kind}")
                for layer in layers for kind in ("weight", "bias")]

    @staticmethod
    def gemm(x, layer):
        return onnx.helper.make_node("Gemm", [x, f"{layer}.weight", f"{layer}.bias"], [layer], layer, transB=1)

    def hidden(self, x, layer, activation="Softplus"):
        return [self.gemm(x, layer),
                onnx.helper.make_node(activation, [layer], [f"{layer}.y"], f"{layer}.{activation}")]

    def model(self, nodes, inputs, outputs, initializers, opset=13):
        def value(name, shape=None):
            return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)

        graph = onnx.helper.make_graph(nodes, "g", [value(*named) for named in inputs],
                                       [value(name) for name in outputs], initializers)
        return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)], ir_version=7)

    def whole(self, activation="Softplus", opset=13):
        """All of the model in one graph."""
        node = onnx.helper.make_node
        nodes = [*self.hidden("x", "encoder.0", activation), *self.hidden("encoder.0.y", "encoder.1", activation),
                 self.gemm("encoder.1.y", "encoder.mu"), self.gemm("encoder.1.y", "encoder.logvar"),
                 node("Constant", [], ["half"], value=onnx.numpy_helper.from_array(np.float32(0.5))),
                 node("Mul", ["encoder.logvar", "half"], ["h"]), node("Exp", ["h"], ["sigma"]),
                 node("RandomNormalLike", ["sigma"], ["eps"]), node("Mul", ["eps", "sigma"], ["s"]),
                 node("Add", ["encoder.mu", "s"], ["z"]),
                 *self.hidden("z", "decoder.0", activation), *self.hidden("decoder.0.y", "decoder.1", activation),
                 self.gemm("decoder.1.y", "decoder.2"), node("Sigmoid", ["decoder.2"], ["pixels"], "last")]
        return self.model(nodes, [("x", ["n", 784])], ["pixels", "encoder.mu", "encoder.logvar"],
                          self.initializers(LAYERS), opset)

    def save(self, model, name="whole.onnx"):
        path = self.root / name
        path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
        return path

    def assert_same(self, found):
        self.assertEqual(found.keys(), self.tensors.keys())
        for name, wanted in self.tensors.items():
            self.assertTrue(np.array_equal(found[name], wanted), name)

    def imported(self, *files_and_options):
        text = self.good("import", *files_and_options, "--out", self.out)
        return text, read(self.out)

    def refused(self, model, says, *options):
        self.bad(1, "import", self.save(model), "--out", self.root / "none", *options, says=says)

    # --- what is read ---

    def test_an_export_comes_back_byte_for_byte(self):
        plain = self.root / "plain.safetensors"  # classes are in no ONNX
        metadata = {"epochs": "2", "picovae.columns": "28"}
        self.good("import", write(self.root / "foreign", self.tensors, metadata=metadata), "--out", plain)
        self.good("export", plain, "--onnx", self.root / "onnx")
        halves = [self.root / "onnx" / f"{half}.onnx" for half in ("encoder", "decoder")]
        text, _ = self.imported(*halves)
        self.assertEqual(self.out.read_bytes(), plain.read_bytes())
        self.assertIn("assumed: \"encoder.logvar\" gives log sigma^2\n", text)
        self.bad(1, "import", *reversed(halves), "--out", self.root / "none", says="is this the encoder?")
        for half in halves:
            self.bad(1, "import", half, "--out", self.root / "none", says="a half alone?")
        self.good("export", self.s8, "--onnx", self.root / "integers")
        halves = [self.root / "integers" / half.name for half in halves]
        self.bad(1, "import", *halves, "--out", self.root / "none", says="is of type")

    def test_one_graph_needs_no_guess(self):
        for opset in (11, 13, 21):
            text, found = self.imported(self.save(self.whole(opset=opset)), "--data", self.data)
            self.assert_same(found)
            self.assertNotIn("assumed", text)
        told = json.loads(self.imported(self.save(self.whole()), "--data", self.data, "--json")[0])
        self.assertEqual((told["shape"], told["assumed"], told["hint"]), (list(SHAPE), [], ""))
        self.bad(1, "import", self.save(self.whole()), "--out", self.root / "none", "--log-sigma",
                 says="its second head gives log sigma^2")
        self.bad(1, "import", self.save(self.whole()), "--out", self.root / "none", "--map", "encoder.mu=logvar",
                 says='says itself that "encoder.mu" is encoder.mu')

    def test_floats_in_any_field(self):
        for kind in (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16):
            model = self.whole()
            for tensor in model.graph.initializer:
                array = onnx.numpy_helper.to_array(tensor)
                tensor.CopyFrom(onnx.helper.make_tensor(tensor.name, kind, array.shape, array.ravel()))
                self.assertFalse(tensor.HasField("raw_data"))
            _, found = self.imported(self.save(model))
            if kind == onnx.TensorProto.FLOAT16:
                self.assertTrue(np.array_equal(found["encoder.0.bias"],
                                               self.tensors["encoder.0.bias"].astype(np.float16).astype(np.float32)))
            else:
                self.assert_same(found)

    def test_log_sigma_by_the_graph(self):
        model = self.whole()
        for node in model.graph.node:
            if node.op_type == "Exp":
                node.input[0] = "encoder.logvar"
        for tensor in model.graph.initializer:
            if "logvar" in tensor.name:
                tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor) / 2, tensor.name))
        self.assert_same(self.imported(self.save(model))[1])

    def test_relu(self):
        for activation, wanted in ("Relu", "relu"), ("Softplus", "softplus"):
            path = self.save(self.whole(activation))
            self.assert_same(self.imported(path)[1])
            self.assertEqual(json.loads(self.good("info", self.out, "--json"))["activation"], wanted)
            self.assertNotIn("hidden layers are", self.good("import", path, "--out", self.out))
        self.refused(self.whole("Relu"), "says itself that its hidden layers are relu", "--activation", "softplus")

    # --- what is refused ---

    def test_other_activations(self):
        self.refused(self.whole("Tanh"), 'the node "encoder.0.Tanh" of "Tanh" is not understood')
        model = self.whole()
        model.graph.node[-1].op_type = "Softplus"
        self.refused(model, 'ends in softplus after the node "decoder.2"')

    def test_hostile_files(self):
        whole = self.whole().SerializeToString()
        for size in (1, 10, len(whole) // 2, len(whole) - 1):
            self.refused(whole[:size], "whole.onnx")

        def changed(change):
            model = self.whole()
            change(model, model.graph)
            return model

        def first(change):
            return changed(lambda model, graph: change(graph.initializer[0]))

        def external(tensor):
            onnx.external_data_helper.set_external_data(tensor, "weights.bin")
            tensor.ClearField("raw_data")

        def cycle(model, graph):
            graph.node[0].input[0] = "pixels"

        def no_finite(tensor):
            tensor.raw_data = np.full(784 * 20, np.nan, "<f4").tobytes()

        def huge(tensor):
            tensor.ClearField("dims")
            tensor.dims.extend([1 << 62, 4])

        def negative(tensor):
            tensor.dims[0] = -20

        def many_sides(tensor):
            tensor.dims.extend([1] * 100)

        def few_floats(tensor):
            tensor.ClearField("raw_data")
            tensor.float_data.extend([1.0, 2.0])

        def empty(model, graph):
            graph.ClearField("node")
            graph.ClearField("output")

        def opset(version):
            return changed(lambda model, graph: setattr(model.opset_import[0], "version", version))

        for model, says in (
                (first(external), 'tensor "encoder.0.weight" is kept in another file'),
                (changed(cycle), 'takes "pixels", which no constant, input or earlier node gives'),
                (changed(lambda model, graph: graph.initializer.pop(0)), 'takes "encoder.0.weight", which no'),
                (changed(lambda model, graph: graph.initializer.append(graph.initializer[0])), "two tensors"),
                (first(no_finite), "not finite"),
                (first(huge), "4611686018427387904"),
                (first(negative), "is -20"),
                (first(many_sides), "has 102 sides"),
                (first(few_floats), "has 2 values; expected 15680"),
                (first(lambda tensor: setattr(tensor, "raw_data", tensor.raw_data[:-1])), "has 62719 bytes"),
                (first(lambda tensor: setattr(tensor, "data_type", onnx.TensorProto.INT8)), "is of type INT8"),
                (first(lambda tensor: setattr(tensor, "data_type", 99)), "is of type 99"),
                (changed(lambda model, graph: graph.node[1].output.append("more")), "has 2 outputs"),
                (changed(lambda model, graph: setattr(graph.node[1], "domain", "com.example")), "com.example.Softplus"),
                (changed(lambda model, graph: graph.output.add(name="nowhere")), 'gives the output "nowhere"'),
                (changed(lambda model, graph: model.ClearField("opset_import")), "no operator set"),
                (opset(10), "is of operator set 10; 11 to 21 are read"), (opset(22), "operator set 22"),
                (changed(empty), "draws no latents")):
            with self.subTest(says):
                self.refused(model, says)

    def test_other_commands_name_it(self):
        path = self.save(self.whole())
        for command in (["info"], ["eval", "--data", self.data], ["quantize", "--data", self.data, "--out", self.out]):
            self.bad(1, command[0], path, *command[1:],
                     says=f"is ONNX; run picovae import {path} --out model.safetensors")
        self.bad(1, "import", self.f32, path, "--out", self.root / "none", says="is no ONNX, which alone may be in two")

    # --- PyTorch's exporter ---

    def test_pytorch(self):
        try:
            import torch
        except ImportError:
            self.skipTest("no python3-torch")
        import vae_of_pytorch
        for name, graphs in vae_of_pytorch.exports(torch, self.root, self.tensors).items():
            with self.subTest(name):
                self.assert_same(self.imported(*graphs)[1])


if __name__ == "__main__":
    cli.main()
