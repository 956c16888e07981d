"""One picovae program trains, quantizes and runs models of any shape: every command, end to end.
   test_cli_shapes.py PROGRAM SIGNATURES        (that of the default shape, ports/linux/signatures.cpp)"""

import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import cli
from cli import isas, run


SHIPPED = pathlib.Path(__file__).resolve().parents[3] / "engine/models/mnist_s8.pvae"


def png_size(path):
    return struct.unpack(">II", path.read_bytes()[16:24])


class Shapes(unittest.TestCase):
    def good(self, *arguments, env=None):
        result = run(*arguments, env=env)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def end_to_end(self, root, shape, rows, columns):
        """shape: pixels, hidden1, hidden2, latent, or without hidden2. Images are drawn as wide and as high as they are."""
        data, f32, s8 = root / "data", root / "model.safetensors", root / "model.pvae"
        out = root / "out.png"
        cli.write_data(data, 600, 60, rows, columns)
        name = "-".join(map(str, shape))
        self.good("train", "--data", data, "--out", f32, "--shape", name, "--epochs", 6, "--batch", 50,
                  "--pictures", root)
        width, height = (2 * side + 2 for side in (columns, rows))  # in a grid: twice as large, and a margin
        self.assertEqual(png_size(root / "samples_006.png"), (10 * width + 2, 10 * height + 2))

        quantized = json.loads(self.good("quantize", f32, "--data", data, "--out", s8, "--json"))
        self.assertLess(abs(quantized["loss"]), 0.02 * quantized["f32"]["neg_elbo"])
        for type_ in ("f16", "bf16"):
            self.good("quantize", f32, "--data", data, "--out", root / type_, "--type", type_, "--max-loss", 1)
            self.good("generate", root / type_, "--out", out)

        info = json.loads(self.good("info", s8, "--json"))
        self.assertEqual(info["shape"], list(shape))
        self.assertIn(f" {name}, encoder and decoder", self.good("info", s8))
        for isa in isas():  # of the same bits, as the self-test says
            result = run("self-test", s8, env={"PICOVAE_ISA": isa})
            if "lacks" not in result.stderr:
                self.assertEqual(result.returncode, 0, isa + result.stderr)
        for model in (f32, s8):
            elbo = json.loads(self.good("eval", model, "--data", data, "--json"))
            nll = json.loads(self.good("nll", model, "--data", data, "--samples", 50, "--json"))
            self.assertLess(nll["nll"], elbo["neg_elbo"] + 0.5)
            self.good("generate", model, "--count", 10, "--out", out)
            self.assertEqual(png_size(out), (10 * width + 2, height + 2))
            self.good("generate", model, "--digit", "all", "--out", out)
            self.good("reconstruct", model, "--data", data, "--count", 5, "--out", out)
            self.assertEqual(png_size(out), (5 * width + 2, 2 * height + 2))
            self.good("interpolate", model, "--data", data, "--from", 1, "--to", 2, "--out", out)
            self.good("encode", model, "--data", data, "--out", root / "codes.csv")
            header = (root / "codes.csv").read_text().splitlines()[0]
            self.assertEqual(header.count("mu"), shape[-1])
            self.good("classes", model, "--data", data, "--out", root / "with_classes")
        pictures = self.good("generate", s8, "--count", 2, "--ascii")
        self.assertGreaterEqual(len(pictures.splitlines()), rows // 2)
        for layout in ("cortex-m", "mve"):
            self.good("export", s8, "--layout", layout, "--out", root / layout)
            board = json.loads(self.good("info", root / layout, "--json"))
            self.assertEqual(board["model_id"], info["model_id"])

    def test_shapes(self):
        for shape, rows, columns in (((784, 128, 64, 16), 28, 28), ((15, 7, 5, 3), 3, 5), ((127, 33, 65, 1), 127, 1),
                                     ((784, 40, 20), 28, 28), ((15, 7, 3), 3, 5)):
            with self.subTest(shape=shape), tempfile.TemporaryDirectory() as folder:
                self.end_to_end(pathlib.Path(folder), shape, rows, columns)

    def test_pixels_come_from_the_data(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            cli.write_data(root / "data", 100, 20, 4, 6)
            model = root / "model.safetensors"
            self.good("train", "--data", root / "data", "--out", model, "--epochs", 1, "--batch", 20,
                      "--hidden", "9,8", "--latent", 2)
            self.assertEqual(json.loads(self.good("info", model, "--json"))["shape"], [24, 9, 8, 2])
            self.good("train", "--data", root / "data", "--out", model, "--epochs", 1, "--batch", 20)
            self.assertEqual(json.loads(self.good("info", model, "--json"))["shape"], [24, 300, 300, 50])
            self.good("train", "--data", root / "data", "--out", model, "--epochs", 1, "--batch", 20,
                      "--hidden", "9", "--latent", 2)
            self.assertEqual(json.loads(self.good("info", model, "--json"))["shape"], [24, 9, 2])
            self.assertIn("shape      24-9-2,", self.good("info", model))
            cli.write_data(root / "other", 100, 20, 5, 5)
            for command in ("eval", "encode"):
                result = run(command, model, "--data", root / "other")
                self.assertEqual(result.returncode, 1)
                self.assertIn("5 x 5 = 25 pixels", result.stderr)
                self.assertIn("24", result.stderr)

    def test_a_shape_that_fits(self):
        """As many bytes as expected, or up to 8 % less."""
        for size, rows, columns, shape in (("128K", 28, 28, [784, 64, 104, 16]), ("64K", 16, 16, [256, 48, 64, 14])):
            with self.subTest(size=size), tempfile.TemporaryDirectory() as folder:
                root = pathlib.Path(folder)
                cli.write_data(root / "data", 1200, 100, rows, columns)
                f32, s8, board = root / "model.safetensors", root / "model.pvae", root / "board.pvae"
                said = self.good("train", "--data", root / "data", "--out", f32, "--fit", size, "--epochs", 10)
                first = said.splitlines()[0]
                self.assertTrue(first.startswith("shape " + "-".join(map(str, shape)) + ":"), first)
                expected, ram = (int(re.search(rf"(\d+) bytes of {what}", first).group(1)) for what in ("flash", "RAM"))
                self.good("quantize", f32, "--data", root / "data", "--out", s8)
                self.good("export", s8, "--layout", "cortex-m", "--out", board)
                info = json.loads(self.good("info", board, "--json"))
                self.assertEqual(info["shape"], shape)
                self.assertEqual(info["ram"]["full"], ram)
                self.assertLessEqual(info["flash"], expected)
                self.assertGreaterEqual(info["flash"], 0.92 * expected)

    def test_shapes_that_are_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            cli.write_data(root / "data", 100, 20, 4, 6)
            train = ("train", "--data", root / "data", "--out", root / "model.safetensors")
            for options, status, says in (
                    (("--shape", "784,128,64,16"), 2, "784,128,64,16 is no shape"),
                    (("--shape", "784-128"), 2, "is no shape"),
                    (("--shape", "784-128-64-16-8"), 2, "is no shape"),
                    (("--shape", "784-x-64-16"), 2, "is no shape"),
                    (("--shape", "784--5-64-16"), 2, "is no shape"),
                    (("--shape", ""), 2, "is no shape"),
                    (("--shape", "24-0-64-16"), 2, "0 is not between 1 and 4096"),
                    (("--shape", "24-4097-64-16"), 2, "4097 is not between 1 and 4096"),
                    (("--shape", "24-5-5-2049"), 2, "2049 is not between 1 and 2048"),
                    (("--shape", "24-99999999999999999999-5-3"), 2, "is no shape"),
                    (("--hidden", "128,64,32"), 2, "is not one number or two"),
                    (("--hidden", "128-64"), 2, "is not one number or two"),
                    (("--hidden", "0,64"), 2, "0 is not between"),
                    (("--latent", "0"), 2, "from 1 to 2048"),
                    (("--latent", "2049"), 2, "from 1 to 2048"),
                    (("--shape", "24-9-8-2", "--latent", "3"), 2, "--latent excludes --shape"),
                    *((("--fit=" + size,), 2, f"{size} is no size of a flash such as 256K")
                      for size in ("0", "0K", "-1K", "+1K", "12Q", "1e9K", "1.5K", "K", "256", "256k", "256 K",
                                   "1048577K", "99999999999999999999K")),
                    (("--fit", "64K", "--latent", "3"), 2, "--latent excludes --fit"),
                    (("--fit", "64K", "--hidden", "9,8"), 2, "--hidden excludes --fit"),
                    (("--fit", "64K", "--shape", "24-9-8-2"), 2, "--shape excludes --fit"),
                    (("--fit", "20K"), 1, "no model of 24 pixels fits 20480 bytes of flash"),
                    (("--shape", "25-9-8-2"), 1, "4 x 6 = 24 pixels, but 25 are wanted")):
                with self.subTest(options=options):
                    result = run(*train, *options)
                    self.assertEqual(result.returncode, status, result.stderr)
                    self.assertIn(says, result.stderr)
                    self.assertEqual(result.stderr.count("\n"), 1)
                    self.assertFalse((root / "model.safetensors").exists())

    def test_a_program_of_one_shape_signs_as_the_model_says(self):
        selected = re.search(r"ISA (\w+)", self.good("--version"))[1]
        said = subprocess.run([SIGNATURES, SHIPPED, selected], capture_output=True, text=True)
        self.assertEqual(said.returncode, 0, said.stdout)
        carried = json.loads(self.good("info", SHIPPED, "--json"))
        for key in ("signature", "signature_reconstruct", "signature_scores"):
            self.assertIn(f"{key} {carried[key]}", said.stdout)
        self.assertIn(f"signature_classes {carried['classes']['signature']}", said.stdout)

    def test_a_program_of_one_shape_names_both(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            cli.write_data(root / "data", 100, 20)
            self.good("train", "--data", root / "data", "--out", root / "model", "--epochs", 1, "--hidden", "9,8",
                      "--latent", 2)
            self.good("quantize", root / "model", "--data", root / "data", "--out", root / "model.pvae")
            result = subprocess.run([SIGNATURES, root / "model.pvae", isas()[-1]], capture_output=True, text=True)
            self.assertEqual(result.returncode, 1)
            self.assertIn("the model's shape is 784,9,8,2, this program's 784,300,300,50\n", result.stdout)


if __name__ == "__main__":
    SIGNATURES = sys.argv.pop(2)
    cli.main()
