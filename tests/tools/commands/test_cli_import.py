"""picovae import reads models as other programs write them, and IMPORT.md says how they do.
   test_cli_import.py PROGRAM"""

import json
import os
import pathlib
import re
import struct
import subprocess
import sys

import numpy as np

sys.dont_write_bytecode = True
import cli

GUIDE = pathlib.Path(__file__).resolve().parents[3] / "tools/format/IMPORT.md"
LAYERS = ["encoder.0", "encoder.1", "encoder.mu", "encoder.logvar", "decoder.0", "decoder.1", "decoder.2"]
FC = ["fc1", "fc2", "fc_mu", "fc_logvar", "fc3", "fc4", "fc5"]
TYPES = {"F32": "<f4", "F64": "<f8", "F16": "<f2", "I64": "<i8"}


def write(path, tensors, dtype="F32", metadata=None):
    """Safetensors of arrays; those of integers are I64, of bytes BF16."""
    header, values, end = {"__metadata__": metadata or {}}, b"", 0
    for name, array in tensors.items():
        array = np.asarray(array)
        kind = "I64" if array.dtype == np.int64 else "BF16" if array.dtype == np.uint16 else dtype
        data = np.ascontiguousarray(array, TYPES.get(kind, "<u2")).tobytes()
        header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": [end, end + len(data)]}
        values += data
        end += len(data)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + values)
    return path


def read(path):
    whole = path.read_bytes()
    size = struct.unpack("<Q", whole[:8])[0]
    header = json.loads(whole[8:8 + size])
    header.pop("__metadata__", None)
    return {name: np.frombuffer(whole, "<f4", (entry["data_offsets"][1] - entry["data_offsets"][0]) // 4,
                                8 + size + entry["data_offsets"][0]).reshape(entry["shape"])
            for name, entry in header.items()}


class Import(cli.CliTest):
    SHAPE = ("--shape", "784-20-20-5")

    def setUp(self):
        self.tensors = {name: array for name, array in read(self.f32).items() if not name.startswith("picovae.")}
        self.out = self.root / "imported.safetensors"

    def renamed(self, names, separator=".", kinds=("weight", "bias")):
        """The model's tensors under other names, given in the order of LAYERS."""
        return {f"{to}{separator}{kind}": self.tensors[f"{layer}.{own}"] for layer, to in zip(LAYERS, names)
                for own, kind in zip(("weight", "bias"), kinds)}

    def imported(self, tensors, *options, dtype="F32", metadata=None):
        """The tensors of what import makes of these."""
        path = write(self.root / "foreign.safetensors", tensors, dtype, metadata)
        self.good("import", path, "--out", self.out, *options)
        return read(self.out)

    def refused(self, tensors, says, *options, dtype="F32", metadata=None):
        path = write(self.root / "foreign.safetensors", tensors, dtype, metadata)
        self.bad(1, "import", path, "--out", self.root / "none", *options, says=says)

    def assert_same(self, found, wanted=None):
        wanted = wanted or self.tensors
        self.assertEqual(found.keys(), wanted.keys())
        for name in wanted:
            self.assertTrue(np.array_equal(found[name], wanted[name]), name)

    # --- what is read ---

    def test_our_own_file_comes_out_as_it_was(self):
        self.good("import", self.f32, "--out", self.out)
        self.assertEqual(self.out.read_bytes(), self.f32.read_bytes())

    def test_names(self):
        sequential = ["encoder.0", "encoder.2", "fc_mu", "fc_logvar", "decoder.0", "decoder.2", "decoder.4"]
        for names in (FC, sequential, [f"module.{name}" for name in sequential],
                      [f"_orig_mod.module.vae.{name}" for name in FC],
                      ["enc1", "enc2", "mean", "log_var", "dec1", "dec2", "dec3"],
                      ["net.0", "net.1", "net.2.mu", "net.2.logvar", "net.3", "net.4", "net.5"]):
            self.assert_same(self.imported(self.renamed(names)))
        self.assert_same(self.imported(dict(reversed(self.renamed(FC).items()))))

    def test_kernels_are_inputs_by_outputs(self):
        keras = ["dense", "dense_1", "z_mean", "z_log_var", "dense_2", "dense_3", "dense_4"]
        kernels = {name: array.T for name, array in self.renamed(keras, "/", ("kernel:0", "bias:0")).items()}
        self.assert_same(self.imported(kernels))
        rows = {name: array.reshape(1, -1) if array.ndim == 1 else array.T
                for name, array in self.renamed(["1", "2", "_mu", "_logvar", "3", "4", "5"]).items()}
        rows = {("W" if name.endswith("weight") else "b") + name.split(".")[0]: array for name, array in rows.items()}
        self.assert_same(self.imported(rows))

    def test_floats_of_any_width(self):
        self.assert_same(self.imported(self.renamed(FC), dtype="F64"))
        self.assert_same(self.imported(self.renamed(FC), dtype="F16"),
                         {name: array.astype(np.float16).astype(np.float32) for name, array in self.tensors.items()})
        upper = {name: (array.view(np.uint32) >> 16).astype(np.uint16) for name, array in self.renamed(FC).items()}
        self.assert_same(self.imported(upper),
                         {name: (array.view(np.uint32) & 0xffff0000).view(np.float32)
                          for name, array in self.tensors.items()})
        self.good("eval", self.out, "--data", self.data)

    def test_heads_in_one_layer(self):
        heads = self.renamed(FC)
        for kind in ("weight", "bias"):
            parts = heads.pop(f"fc_mu.{kind}"), heads.pop(f"fc_logvar.{kind}")
            heads[f"fc_heads.{kind}"] = np.concatenate(parts)
        self.assert_same(self.imported(heads))
        swapped = self.imported(heads, "--map", "fc_heads=logvar+mu")
        self.assertTrue(np.array_equal(swapped["encoder.mu.weight"], self.tensors["encoder.logvar.weight"]))

    def test_what_only_the_user_knows(self):
        names = ["fc1", "fc2", "fc31", "fc32", "fc4", "fc5", "fc6"]
        self.refused(self.renamed(names), 'such as --map "fc3')
        self.assert_same(self.imported(self.renamed(names), "--map", "fc31=mu,fc32=logvar"))
        self.refused(self.renamed(names), 'no layer "fc9"', "--map", "fc9=mu")
        self.bad(2, "import", self.f32, "--out", self.out, "--map", "fc31=sigma", says="is no layer: mu")

    def test_log_sigma(self):
        names = [*FC[:3], "fc_log_sigma", *FC[4:]]
        halved = {name: array / 2 if "sigma" in name else array for name, array in self.renamed(names).items()}
        self.assert_same(self.imported(halved, "--log-sigma"))
        path = write(self.root / "foreign.safetensors", halved)
        self.assertIn("or log sigma, by its name: --log-sigma", self.good("import", path, "--out", self.out))

    # --- what is said ---

    def test_a_measure_shows_wrong_guesses(self):
        path = write(self.root / "foreign.safetensors", self.renamed(["a1", "a2", "a31", "a32", "a4", "a5", "a6"]))
        arguments = ("import", path, "--out", self.out, "--data", self.data, "--map")
        right = json.loads(self.good(*arguments, "a31=mu", "--json"))
        measured = json.loads(self.good("eval", self.f32, "--data", self.data, "--json"))
        self.assertEqual(right["test"], {key: measured[key] for key in ("neg_elbo", "reconstruction", "kl")})
        self.assertEqual((right["hint"], right["shape"], right["passed_over"]), ("", [784, 20, 20, 5], []))
        self.assertEqual(right["layers"][2],
                         {"name": "encoder.mu", "from": "a31", "transposed": False, "half": None})
        self.assertIn("hidden layers are softplus", right["assumed"])
        wrong = json.loads(self.good(*arguments, "a32=mu", "--json"))
        self.assertGreater(wrong["test"]["neg_elbo"], right["test"]["neg_elbo"] + 5)
        self.assertIn('with --map "a31=mu,a32=logvar"', wrong["hint"])
        narrow = {**self.tensors, "encoder.logvar.bias": self.tensors["encoder.logvar.bias"] - 4}
        narrow = write(self.root / "narrow.safetensors", narrow)
        log_sigma = ("import", narrow, *arguments[2:-1], "--log-sigma", "--json")
        self.assertIn("without --log-sigma", json.loads(self.good(*log_sigma))["hint"])
        text = self.good(*arguments, "a31=mu")
        for part in ("784-20-20-5\n", '"a31"', "assumed: ", f"{measured['neg_elbo']:.4f}"):
            self.assertIn(part, text)
        self.assertNotIn("hint", text)

    def test_the_width_of_images_is_kept(self):
        wide = self.root / "wide"
        cli.write_data(wide, 100, 20, 14, 56)
        path = write(self.root / "foreign.safetensors", self.renamed(FC))
        self.good("import", path, "--out", self.out, "--data", wide)
        self.assertIn(b'"picovae.columns":"56"', self.out.read_bytes())

    def test_other_commands_name_what_they_were_given(self):
        path = write(self.root / "foreign.safetensors", self.renamed(FC))
        out = ["--out", self.root / "x"]
        for command in (["eval"], ["info"], ["nll"], ["score"], ["quantize", *out], ["encode", *out],
                        ["classes", *out]):
            data = [] if command[0] == "info" else ["--data", self.data]
            self.bad(1, command[0], path, *command[1:], *data,
                     says=f'is 784-20-20-5 under other names, "fc1" 784-20, "fc2" 20-20, "fc_mu" 20-5, '
                          f'"fc_logvar" 20-5, "fc3" 5-20, "fc4" 20-20, "fc5" 20-784; '
                          f'run picovae import {path} --out model.safetensors')
        path = write(self.root / "foreign.safetensors", {"conv.weight": np.zeros((2, 2, 3, 3)), "steps": np.int64(3)})
        self.bad(1, "info", path, says=f'is a model of another program, "conv.weight"; run picovae import {path}')

        path.write_bytes(b"PK\3\4 archive/data.pkl")
        for command in (["info"], ["import", "--out", self.root / "x"]):
            self.bad(1, command[0], path, *command[1:], says="is a file of torch.save")

    def test_what_is_passed_over_and_what_is_not(self):
        tensors = {**self.renamed(FC), "beta": np.float32(4), "steps": np.int64(7)}
        path = write(self.root / "foreign.safetensors", tensors)
        self.assertRegex(self.good("import", path, "--out", self.out), 'passed over: "beta"\npassed over: "steps"')
        self.assert_same(read(self.out))
        norm = {f"bn.{name}": np.ones(20) for name in ("weight", "bias", "running_mean", "running_var")}
        self.refused({**self.renamed(FC), **norm, "bn.num_batches_tracked": np.int64(3)}, "is of a normalization")
        self.refused({**self.renamed(FC), "out.weight": np.ones((10, 5)), "out.bias": np.ones(10)}, "8 dense layers")
        self.refused(self.renamed(FC), 'hidden layers are "elu"', metadata={"activation": "ELU"})

    def test_relu_by_the_file_or_by_the_option(self):
        def imported(*options, metadata=None):
            path = write(self.root / "foreign.safetensors", self.renamed(FC), metadata=metadata)
            said = json.loads(self.good("import", path, "--out", self.out, "--json", *options))
            found = json.loads(self.good("info", self.out, "--json"))["activation"]
            self.assertEqual(said["activation"], found)
            return found, [line for line in said["assumed"] if "hidden" in line]

        self.assertEqual(imported(), ("softplus", ["hidden layers are softplus"]))
        self.assertEqual(imported("--activation", "relu"), ("relu", ["hidden layers are relu"]))
        self.assertEqual(imported(metadata={"activation": "ReLU"}), ("relu", []))
        again = self.root / "again.safetensors"
        self.good("import", self.out, "--out", again)  # our own
        self.assertEqual(again.read_bytes(), self.out.read_bytes())
        self.refused(self.renamed(FC), "says itself that its hidden layers are relu", "--activation", "softplus",
                     metadata={"activation": "relu"})

    @staticmethod
    def zeros(layers):
        tensors = {}
        for name, shape in layers.items():
            tensors |= {f"{name}.weight": np.zeros(shape), f"{name}.bias": np.zeros(shape[0])}
        return tensors

    def test_one_hidden_layer(self):
        layers = {"fc1": (400, 784), "fc21": (20, 400), "fc22": (20, 400), "fc3": (400, 20), "fc4": (784, 400)}
        tensors = {name: np.random.default_rng(1).normal(size=array.shape).astype(np.float32)
                   for name, array in self.zeros(layers).items()}
        found = self.imported(tensors, "--map", "fc21=mu,fc22=logvar", "--activation", "relu")
        named = dict(zip(("encoder.0", "encoder.mu", "encoder.logvar", "decoder.0", "decoder.2"), layers))
        self.assert_same(found, {f"{own}.{kind}": tensors[f"{name}.{kind}"]
                                 for own, name in named.items() for kind in ("weight", "bias")})
        info = json.loads(self.good("info", self.out, "--json"))
        self.assertEqual((info["shape"], info["activation"]), ([784, 400, 20], "relu"))
        self.refused(tensors, "say which is which")
        path = write(self.root / "foreign.safetensors", tensors)
        self.bad(1, "eval", path, "--data", self.data, says="is 784-400-20 under other names")

    def test_other_shapes(self):
        deep = {"fc1": (40, 784), "fc2": (30, 40), "fc3": (20, 30), "fc41": (5, 20), "fc42": (5, 20), "fc5": (20, 5),
                "fc6": (30, 20), "fc7": (40, 30), "fc8": (784, 40)}
        self.refused(self.zeros(deep), "is a VAE of 3 hidden layers each way, 784-40-30-20-5; picovae has one or two")

    # --- the guide ---

    def snippets(self):
        """The guide's blocks of Python by the heading that each is under."""
        blocks = re.findall(r"^### (.*?)\n.*?^```python\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
        self.assertEqual([heading for heading, _ in blocks], ["NumPy", "PyTorch", "Keras"])
        return dict(blocks)

    def run_snippets(self, setup, *headings):
        """Runs them in the test's folder, after what they expect to be there, and imports what they wrote."""
        text = "\n".join([setup, *(self.snippets()[heading] for heading in headings)])
        result = subprocess.run([sys.executable, "-c", text], cwd=self.root, capture_output=True, text=True,
                                timeout=120)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.good("import", self.root / f"{headings[-1].lower()}.safetensors", "--out", self.out, "--data", self.data)
        self.assert_same(read(self.out))

    LOAD = """
import sys
sys.path.insert(0, {here!r})
import pathlib, test_cli_import
ours = test_cli_import.read(pathlib.Path({model!r}))
ours = {{name: array for name, array in ours.items() if name[:8] != "picovae."}}
"""

    def load(self):
        return self.LOAD.format(here=os.path.dirname(os.path.abspath(__file__)), model=str(self.f32))

    def test_guide_numpy(self):
        self.run_snippets(self.load() + "tensors = ours\n", "NumPy")

    def test_guide_pytorch(self):
        try:
            import torch  # noqa: F401
        except ImportError:
            self.skipTest("no python3-torch")
        self.run_snippets(self.load() + """
tensors = ours
import torch
class Vae(torch.nn.Module):
    def __init__(self):
        super().__init__()
        for name, (i, o) in {"fc1": (784, 20), "fc2": (20, 20), "mu": (20, 5), "logvar": (20, 5), "fc3": (5, 20),
                             "fc4": (20, 20), "fc5": (20, 784)}.items():
            setattr(self, name, torch.nn.Linear(i, o))
model = Vae()
with torch.no_grad():
    for own, array in zip(model.parameters(), ours.values()):
        own.copy_(torch.tensor(array))
""", "NumPy", "PyTorch")

    def test_guide_keras(self):
        self.run_snippets(self.load() + """
tensors = ours
class Part:
    layers = []
class Layer:
    def __init__(self, name, *weights):
        self.name, self.weights = name, list(weights)
    def get_weights(self):
        return self.weights
encoder, decoder = Part(), Part()
def layers(named):
    return [Layer("input_1")] + [Layer(name, ours[own + ".weight"].T, ours[own + ".bias"])
                                 for name, own in named.items()]
encoder.layers = layers({"dense": "encoder.0", "dense_1": "encoder.1", "z_mean": "encoder.mu",
                         "z_log_var": "encoder.logvar"})
decoder.layers = layers({"dense_2": "decoder.0", "dense_3": "decoder.1", "dense_4": "decoder.2"})
""", "NumPy", "Keras")


if __name__ == "__main__":
    cli.main()
