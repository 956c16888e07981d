"""Every command on images without labels, and without test images: all but those that are asked for a class.
   test_cli_unlabeled.py PROGRAM"""

import json
import pathlib
import shutil
import sys
import unittest

sys.dont_write_bytecode = True
import cli
from cli import run


class Unlabeled(cli.CliTest):
    SHAPE = ("--hidden", "40,24", "--latent", 8)

    @staticmethod
    def write_data(folder):
        cli.write_data(folder, 1200, 100)
        for file in folder.glob("*-labels-*"):
            file.unlink()

    def test_train_and_quantize_leave_classes_out(self):
        self.assertEqual(self.quantized["classes"], 0)
        for model in (self.f32, self.s8):
            self.assertNotIn("labels", json.dumps(json.loads(self.good("info", model, "--json"))["classes"]))
            self.bad(1, "generate", model, "--digit", 3, "--out", self.root / "x", says="picovae classes")
            self.good("generate", model, "--count", 2, "--ascii")
        text = self.good("quantize", self.f32, "--data", self.data, "--out", self.root / "again.pvae")
        self.assertEqual(text.count("no classes"), 1)
        self.assertEqual((self.root / "again.pvae").read_bytes(), self.s8.read_bytes())

    def test_a_model_keeps_the_classes_that_it_has(self):
        labeled, model, s8 = self.root / "labeled", self.root / "classes.safetensors", self.root / "classes.pvae"
        cli.write_data(labeled, 1200, 100)
        self.good("classes", self.f32, "--data", labeled, "--out", model)
        self.assertNotIn("no classes", self.good("quantize", model, "--data", self.data, "--out", s8))
        self.good("generate", s8, "--digit", 3, "--ascii", "--count", 1)
        told = json.loads(self.good("quantize", self.f32, "--data", labeled, "--out", s8, "--json"))
        self.assertEqual(told["classes"], 10)

    def test_fit(self):
        """The room that classes take is there for weights."""
        def flash(data):
            said = self.good("train", "--data", data, "--out", self.root / "fit.safetensors", "--epochs", 1,
                             "--fit", "128K")
            return int(said.split(" bytes of flash")[0].split()[-1])

        labeled = self.root / "fit_data"
        cli.write_data(labeled, 1200, 100)
        self.assertLess(flash(self.data), flash(labeled))

    def test_measures(self):
        labeled = self.root / "same"
        cli.write_data(labeled, 1200, 100)
        for command in (("eval", self.s8), ("nll", self.s8, "--samples", 3), ("score", self.s8)):
            self.assertEqual(self.good(*command, "--data", self.data, "--json"),
                             self.good(*command, "--data", labeled, "--json"))
        self.bad(1, "classes", self.f32, "--data", self.data, "--out", self.root / "x", says="has no labels")

    def test_codes_have_an_empty_label(self):
        codes = self.root / "codes.csv"
        self.assertIn("no labels, 8 mu, 8 logvar", self.good("encode", self.s8, "--data", self.data, "--out", codes))
        head, *lines = codes.read_text().splitlines()
        self.assertTrue(head.startswith("label,mu0,"))
        self.assertEqual(len(lines), 100)
        for line in lines:
            self.assertEqual((line.split(",")[0], line.count(",")), ("", head.count(",")))

    def test_pictures(self):
        for command in (("reconstruct", self.s8, "--count", 3), ("map", self.s8, "--side", 4),
                        ("interpolate", self.s8, "--from-image", 0, "--to-image", 1199)):
            if command[0] == "map" and not shutil.which("gnuplot"):
                continue
            out = self.root / f"{command[0]}.png"
            self.good(*command, "--data", self.data, "--out", out)
            self.assertEqual(out.read_bytes()[:8], b"\x89PNG\r\n\x1a\n")

    def test_interpolate_by_number(self):
        walk = ("interpolate", self.s8, "--data", self.data, "--out", self.root / "x.png")
        self.bad(1, *walk, says="has no labels; name images by their numbers: --from-image")
        self.bad(1, *walk, "--from-image", 0, says="has no labels")
        self.bad(1, *walk, "--from-image", 0, "--to-image", 1200, says="has no image 1200; its 1200 training images")
        self.bad(2, *walk, "--from-image", 0, "--from", 1)
        self.bad(2, *walk, "--to-image", 0, "--to", 1)
        # By number is by label, if that is the label's first image.
        labeled, pictures = self.root / "numbers", []
        cli.write_data(labeled, 1200, 100)
        for ends in (("--from", 3, "--to", 7), ("--from-image", 3, "--to-image", 7), ("--from", 3, "--to-image", 7),
                     ("--from-image", 3, "--to-image", 6)):
            out = self.root / "walk.png"
            self.good("interpolate", self.s8, "--data", labeled, *ends, "--out", out)
            pictures.append(out.read_bytes())
        self.assertEqual(pictures[0], pictures[1])
        self.assertEqual(pictures[0], pictures[2])
        self.assertNotEqual(pictures[0], pictures[3])


    def test_without_test_images_either(self):
        data, model, s8 = self.root / "train_only", self.root / "held.safetensors", self.root / "held.pvae"
        self.write_data(data)
        (data / "t10k-images-idx3-ubyte").unlink()
        held = ("--data", data, "--validation", 200)
        for command in (("train", "--out", model), ("eval", self.s8)):
            self.bad(1, *command, "--data", data, says="--validation N")
        self.good("train", *held, "--out", model, "--epochs", 1, *self.SHAPE)
        told = json.loads(self.good("quantize", model, *held, "--out", s8, "--json"))
        self.assertEqual(json.loads(self.good("eval", s8, *held, "--json")),
                         {**told["quantized"], "split": "validation", "images": 200})
        self.assertIn("200 validation images", self.good("eval", s8, *held))
        likelihood = json.loads(self.good("nll", s8, *held, "--samples", 2, "--json"))
        self.assertEqual((likelihood["split"], likelihood["images"]), ("validation", 200))
        self.assertAlmostEqual(likelihood["neg_elbo"], told["quantized"]["neg_elbo"])
        self.assertIn("200 validation images", self.good("nll", s8, *held, "--samples", 2))
        self.assertEqual(json.loads(self.good("score", s8, *held, "--against", self.data, "--json"))["images"], 200)
        pairs, picture = self.root / "held_pairs.png", self.root / "held_map.png"
        self.good("reconstruct", s8, *held, "--out", pairs)
        # They are the last training images.
        idx = data / "train-images-idx3-ubyte"
        whole = idx.read_bytes()
        (data / "t10k-images-idx3-ubyte").write_bytes(whole[:4] + (200).to_bytes(4, "big") + whole[8:16] +
                                                      whole[-200 * 784:])
        self.good("reconstruct", s8, "--data", data, "--out", self.root / "test_pairs.png")
        self.assertEqual(pairs.read_bytes(), (self.root / "test_pairs.png").read_bytes())
        if shutil.which("gnuplot"):
            self.assertIn("200 codes", self.good("map", s8, *held, "--side", 3, "--out", picture))
        self.bad(2, "reconstruct", s8, *held, "--image", pairs, "--out", self.root / "x")


if __name__ == "__main__":
    cli.main()
