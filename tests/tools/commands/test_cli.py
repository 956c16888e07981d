"""The commands of picovae do what they say: help, measuring, codes, classes, pictures.
   test_cli.py PROGRAM"""

import json
import os
import pathlib
import shutil
import struct
import sys
import tempfile

sys.dont_write_bytecode = True
import cli
from cli import idx_labels, isas, run

COMMANDS = ["data", "train", "eval", "nll", "quantize", "classes", "score", "export", "encode", "generate",
            "reconstruct", "interpolate", "map", "plot", "info", "self-test", "convert", "import"]


class Commands(cli.CliTest):
    def test_help_has_an_example_everywhere(self):
        self.assertIn("Example:", self.good("--help"))
        for command in COMMANDS:
            self.assertIn("Example:", self.good(command, "--help"), command)

    def test_help_and_version_by_other_words(self):
        self.assertEqual(self.good("help"), self.good("--help"))
        self.assertEqual(self.good("version"), self.good("--version"))
        for command in COMMANDS:
            self.assertEqual(self.good("help", command), self.good(command, "--help"))

    def test_help_is_the_same_on_every_machine(self):
        for command in COMMANDS:
            home = self.good(command, "--help", env={"HOME": "/the/home", "XDG_CACHE_HOME": ""})
            cache = self.good(command, "--help", env={"XDG_CACHE_HOME": "/the/cache"})
            self.assertEqual(home, cache)
            for absent in ("/the/", "model MODEL", "log LOG", "--threads N=", "fetch_mnist"):
                self.assertNotIn(absent, home, command)

    def test_names_that_are_no_text(self):
        name = self.root / os.fsdecode(b"caf\xe9\xff.pvae")
        shutil.copy(self.s8, name)
        self.assertEqual(pathlib.Path(json.loads(self.good("info", name, "--json"))["file"]).name,
                         "caf\ufffd\ufffd.pvae")
        codes = self.root / os.fsdecode(b"\xff.csv")
        told = json.loads(self.good("encode", name, "--data", self.data, "--out", codes, "--json"))
        self.assertEqual(pathlib.Path(told["file"]).name, "\ufffd.csv")
        self.assertTrue(codes.exists())

    def test_version_names_the_isa(self):
        self.assertRegex(self.good("--version"), r"ISA \w+")
        self.assertIn("ISA scalar", self.good("--version", env={"PICOVAE_ISA": "scalar"}))

    def test_eval_agrees_with_quantize(self):
        for model, key in ((self.f32, "f32"), (self.s8, "quantized")):
            figures = json.loads(self.good("eval", model, "--data", self.data, "--json"))
            self.assertEqual(figures, {**self.quantized[key], "split": "test", "images": 100})
            self.assertEqual(set(self.quantized[key]), {"neg_elbo", "reconstruction", "kl"})
        self.assertEqual((self.quantized["split"], self.quantized["images"]), ("test", 100))
        loss = self.quantized["quantized"]["neg_elbo"] - self.quantized["f32"]["neg_elbo"]
        self.assertAlmostEqual(self.quantized["loss"], loss)

    def test_nll_of_any_model(self):
        for model in (self.f32, self.s8):
            arguments = ("nll", model, "--data", self.data, "--samples", 20, "--count", 50, "--latents")
            figures = json.loads(self.good(*arguments, "--json"))
            self.assertEqual((figures["split"], figures["images"], figures["samples"]), ("test", 50, 20))
            low, high = figures["interval_95"]
            self.assertLess(low, figures["nll"])
            self.assertAlmostEqual(high - figures["nll"], figures["nll"] - low)
            self.assertLess(figures["nll"], figures["neg_elbo"])
            self.assertEqual(len(figures["latents"]), 50)
            active = [latent for latent in figures["latents"] if latent["activity"] > 0.01]
            self.assertEqual(figures["active"], len(active))
            self.assertIn(f"{len(active)} of 50 latents are active", self.good(*arguments))
        evaluated = json.loads(self.good("eval", self.s8, "--data", self.data, "--json"))
        one = json.loads(self.good("nll", self.s8, "--data", self.data, "--samples", 1, "--widen", 1, "--json"))
        self.assertEqual((one["images"], one["neg_elbo"]), (100, evaluated["neg_elbo"]))
        self.assertAlmostEqual(one["nll"], one["neg_elbo"], delta=1)  # KL sampled, and exact
        decoder = self.root / "nll_decoder.pvae"
        self.good("export", self.s8, "--layout", "host", "--decoder-only", "--out", decoder)
        for command in ("nll", "eval"):  # whichever thread finds it
            self.bad(1, command, decoder, "--data", self.data, "--threads", 4, says="no encoder")

    def test_s8_draws_the_same_on_every_isa(self):
        drawn = {}
        for isa in isas():
            out = self.root / f"{isa}.png"
            result = run("generate", self.s8, "--seed", 7, "--out", out, env={"PICOVAE_ISA": isa})
            if result.returncode == 0:
                drawn[isa] = out.read_bytes()
            else:
                self.assertRegex(result.stderr, "lacks that ISA|no such ISA")
                self.assertNotEqual(isa, "scalar")
        self.assertEqual(len(set(drawn.values())), 1)

    def test_self_test_runs_every_isa_on_models_of_every_layout(self):
        board = self.root / "self_test_board.pvae"
        self.good("export", self.s8, "--layout", "mve", "--decoder-only", "--out", board)
        for model in (self.s8, board):
            rows = json.loads(self.good("self-test", model, "--every-isa", "--json"))
            ran = [row for row in rows if row["ran"]]
            self.assertIn("scalar", [row["isa"] for row in ran])
            self.assertTrue(all(row["ok"] and row["layers"] == "ok" for row in ran), rows)
            self.assertEqual(len({row["signature"] for row in ran}), 1)
        one = json.loads(self.good("self-test", self.s8, "--json", env={"PICOVAE_ISA": "scalar"}))
        self.assertEqual([row["isa"] for row in one], ["scalar"])
        self.assertIn("as the model says", self.good("self-test", self.s8))

    def test_encode_writes_codes_that_are_equal_on_every_isa(self):
        codes = self.root / "codes.csv"
        checksums = set()
        for isa in isas():
            result = run("encode", self.s8, "--data", self.data, "--out", codes, "--json",
                         env={"PICOVAE_ISA": isa})
            if result.returncode == 0:
                checksums.add(json.loads(result.stdout)["crc32c"])
        self.assertEqual(len(checksums), 1)
        lines = codes.read_text().splitlines()
        self.assertEqual(len(lines), 101)
        self.assertEqual(lines[0].split(",")[:2], ["label", "mu0"])
        self.assertEqual(len(lines[1].split(",")), 101)
        self.assertEqual([line.split(",")[0] for line in lines[1:4]], ["0", "1", "2"])
        train = json.loads(self.good("encode", self.f32, "--data", self.data, "--split", "train", "--json"))
        self.assertEqual(train, {"split": "train", "images": 1200, "latents": 50})

    def test_info_says_what_a_port_needs(self):
        board = self.root / "info_board.pvae"
        self.good("export", self.s8, "--layout", "mve", "--decoder-only", "--out", board)
        for model, type_, layout, encoder in ((self.f32, "f32", "host", True), (self.s8, "s8", "host", True),
                                              (board, "s8", "mve", False)):
            info = json.loads(self.good("info", model, "--json"))
            self.assertEqual((info["type"], info["layout"], info["activation"]), (type_, layout, "softplus"))
            self.assertEqual(info["shape"], [info[key] for key in ("pixels", "hidden1", "hidden2", "latent")])
            self.assertEqual((info["has_encoder"], info["has_decoder"]), (encoder, True))
            self.assertEqual(len(info["layers"]), 6 if encoder else 3)
            self.assertEqual("signature" in info, type_ == "s8")
            for key in ("parts", "bytes", "alignment", "model_id", "classes", "flash", "ram"):
                self.assertIn(key, info)

    def test_info_proves_that_no_sum_overflows(self):
        layers = json.loads(self.good("info", self.s8, "--json"))["layers"]
        for layer in layers:
            bounds = layer["bounds"]
            self.assertLess(0, bounds["sum"])
            self.assertLessEqual(bounds["sum"], bounds["sum_limit"])
            self.assertLessEqual(bounds["scaled"], bounds["scaled_limit"])
            self.assertIn("golden", layer)
        self.assertIn("largest sum", self.good("info", self.s8))

    def test_ascii(self):
        text = self.good("generate", self.s8, "--ascii", "--count", 2)
        self.assertGreaterEqual(len(text.splitlines()), 14)
        self.assertFalse(pathlib.Path("digits.png").exists())

    def test_reconstruct_and_interpolate(self):
        pairs, morph = self.root / "pairs.png", self.root / "morph.png"
        self.good("reconstruct", self.s8, "--data", self.data, "--count", 3, "--out", pairs)
        self.good("interpolate", self.s8, "--data", self.data, "--out", morph)
        self.assertGreater(pairs.stat().st_size, 100)
        self.assertGreater(morph.stat().st_size, 100)

    def test_plot(self):
        curve = self.root / "curve.png"
        self.good("plot", self.root / "log.csv", "--out", curve)
        self.assertEqual(curve.read_bytes()[:8], b"\x89PNG\r\n\x1a\n")
        bad_log = self.root / "bad.csv"
        bad_log.write_text((self.root / "log.csv").read_text() + "3,0.1,what\n")
        self.bad(1, "plot", bad_log, "--out", self.root / "none.png", says="bad.csv: line 4")
        self.bad(1, "plot", self.root / "log.csv", "--out", self.root / "none.png",
                 env={"PATH": str(self.root)}, says="apt-get install gnuplot-nox")

    def test_map(self):
        picture = self.root / "map.png"
        for model in (self.f32, self.s8):
            self.assertIn("active", self.good("map", model, "--data", self.data, "--out", picture, "--side", 5))
            self.assertEqual(picture.read_bytes()[:8], b"\x89PNG\r\n\x1a\n")
        decoder = self.root / "map_decoder.pvae"
        self.good("export", self.s8, "--decoder-only", "--layout", "host", "--out", decoder)
        self.bad(1, "map", decoder, "--data", self.data, "--out", self.root / "none.png", says="no encoder")
        self.bad(1, "map", self.s8, "--data", self.data, "--out", self.root / "none.png",
                 env={"PATH": str(self.root)}, says="apt-get install gnuplot-nox")

    def test_classes_are_drawn_alike_everywhere(self):
        drawn = {}
        board = self.root / "class_board.pvae"
        self.good("export", self.s8, "--decoder-only", "--out", board)
        back = self.root / "class_back.pvae"
        self.good("export", board, "--layout", "host", "--out", back)
        for isa in isas():
            for model in (self.s8, back):
                out = self.root / "class.png"
                result = run("generate", model, "--digit", "all", "--out", out, env={"PICOVAE_ISA": isa})
                if result.returncode == 0:
                    drawn[isa, model] = out.read_bytes()
        self.assertIn(("scalar", back), drawn)
        self.assertEqual(len(set(drawn.values())), 1)
        idx = self.root / "class.idx"
        self.good("generate", self.s8, "--digit", 7, "--count", 3, "--idx", idx)
        seven = idx.read_bytes()
        self.assertEqual(seven[:16], struct.pack(">IIII", 0x803, 3, 28, 28))
        self.good("generate", self.s8, "--digit", "all", "--count", 3, "--idx", idx)
        everything = idx.read_bytes()
        self.assertEqual(everything[16 + 21 * 784:16 + 24 * 784], seven[16:])
        self.assertEqual(len(everything), 16 + 30 * 784)
        self.assertGreaterEqual(len(self.good("generate", self.f32, "--digit", 0, "--count", 1,
                                              "--ascii").splitlines()), 14)

    def test_models_of_every_kind_keep_their_classes(self):
        described = [json.loads(self.good("info", model, "--json"))["classes"] for model in (self.f32, self.s8)]
        for classes in described:
            self.assertEqual(classes["labels"], list(range(10)))
            self.assertEqual(classes["units"], described[0]["units"])
            self.assertLessEqual(classes["bytes"], 3072)
        self.assertIn("classes", self.good("info", self.s8))
        self.assertNotIn("signature", described[0])
        row = json.loads(self.good("self-test", self.s8, "--json"))[0]
        self.assertEqual(row["signature_classes"], described[1]["signature"])
        half = self.root / "half.pvae"
        self.good("quantize", self.f32, "--data", self.data, "--type", "f16", "--out", half)
        self.good("generate", half, "--digit", "3", "--ascii", "--count", 1)

    def without_classes(self):
        whole = self.f32.read_bytes()
        size = struct.unpack("<Q", whole[:8])[0]
        header = json.loads(whole[8:8 + size])
        ends = [entry["data_offsets"][1] for name, entry in header.items()
                if name != "__metadata__" and not name.startswith("picovae.class.")]
        header = {name: entry for name, entry in header.items() if not name.startswith("picovae.class.")}
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + whole[8 + size:8 + size + max(ends)]

    def test_a_model_without_classes_is_given_some(self):
        plain = self.root / "plain.safetensors"
        plain.write_bytes(self.without_classes())
        self.bad(1, "generate", plain, "--digit", "7", "--out", self.root / "x.png", says="picovae classes")
        self.assertIsNone(json.loads(self.good("info", plain, "--json"))["classes"])
        fitted = self.root / "fitted.safetensors"
        told = json.loads(self.good("classes", plain, "--data", self.data, "--out", fitted, "--json"))
        self.assertEqual(told["labels"], list(range(10)))
        self.assertEqual(fitted.read_bytes(), self.f32.read_bytes())  # as train did
        quantized = self.root / "plain.pvae"
        self.good("quantize", plain, "--data", self.data, "--out", quantized)
        self.assertEqual(quantized.read_bytes(), self.s8.read_bytes())  # quantize fits them too
        self.good("classes", quantized, "--data", self.data, "--out", quantized)  # in place
        self.good("self-test", quantized)
        self.good("generate", quantized, "--digit", "7", "--ascii", "--count", 1)
        blob = self.root / "f32_classes.pvae"
        self.good("quantize", self.f32, "--data", self.data, "--type", "f32", "--out", blob)
        self.bad(1, "classes", blob, "--data", self.data, "--out", self.root / "x.pvae", says="quantize it again")
        decoder = self.root / "decoder_classes.pvae"
        self.good("export", self.s8, "--decoder-only", "--layout", "host", "--out", decoder)
        self.bad(1, "classes", decoder, "--data", self.data, "--out", self.root / "x.pvae", says="decoder")

    def test_labels_that_are_no_digits(self):
        for labels, says in (([1 + i % 26 for i in range(1200)], None), ([i % 70 for i in range(1200)], "70 labels")):
            with tempfile.TemporaryDirectory() as folder:
                copy = pathlib.Path(folder)
                for file in self.data.iterdir():
                    (copy / file.name).write_bytes(file.read_bytes())
                (copy / "train-labels-idx1-ubyte").write_bytes(idx_labels(labels))
                out = self.root / "letters.safetensors"
                if says:
                    self.bad(1, "classes", self.f32, "--data", copy, "--out", self.root / "x", says=says)
                    result = run("train", "--data", copy, "--epochs", 1, "--out", out)
                    self.assertEqual(result.returncode, 0)
                    self.assertIn("classes are left out", result.stderr)
                    self.bad(1, "generate", out, "--digit", "7", "--out", self.root / "x", says="picovae classes")
                    continue
                self.good("classes", self.f32, "--data", copy, "--out", out)
                self.good("generate", out, "--digit", "26", "--ascii", "--count", 1)
                self.bad(1, "generate", out, "--digit", "0", "--out", self.root / "x", says="it has 1 2 3")


if __name__ == "__main__":
    cli.main()
