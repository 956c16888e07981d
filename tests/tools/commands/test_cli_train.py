"""What picovae train says and writes, and what its options change.
   test_cli_train.py PROGRAM"""

import gzip
import json
import pathlib
import re
import struct
import sys

sys.dont_write_bytecode = True
import cli
from cli import idx_images, idx_labels, run


class Train(cli.CliTest):
    def test_log_and_pictures(self):
        lines = (self.root / "log.csv").read_text().splitlines()
        self.assertEqual(lines[0], "epoch,seconds,train_neg_elbo,train_reconstruction,train_kl,"
                                   "test_neg_elbo,test_reconstruction,test_kl")
        self.assertEqual([line.split(",")[0] for line in lines[1:]], ["1", "2"])
        figures = [float(v) for v in lines[2].split(",")]
        self.assertAlmostEqual(figures[2], figures[3] + figures[4], places=3)
        self.assertLess(figures[2], float(lines[1].split(",")[2]))  # it learns
        for name in ("samples_001.png", "samples_002.png", "reconstructions_002.png"):
            self.assertEqual((self.root / name).read_bytes()[:8], b"\x89PNG\r\n\x1a\n")

    def test_figures_are_called_after_their_images(self):
        out, log, png = self.root / "held.safetensors", self.root / "held.csv", self.root / "held.png"
        train = ["train", "--data", self.data, "--out", out, "--log", log, "--epochs", 1, "--validation", 200]
        text = self.good(*train)
        self.assertIn("validation negative ELBO", text)
        self.assertNotIn("test", text)
        columns = log.read_text().splitlines()[0]
        self.assertEqual(columns, "epoch,seconds,train_neg_elbo,train_reconstruction,train_kl,"
                                  "validation_neg_elbo,validation_reconstruction,validation_kl")
        metadata = self.metadata_of(out)
        for model, images in ((out, "validation"), (self.f32, "test")):
            self.assertEqual({key for key in self.metadata_of(model) if key.startswith(("test_", "validation_"))},
                             {f"{images}_{figure}" for figure in ("neg_elbo", "reconstruction", "kl")})
        self.assertAlmostEqual(float(metadata["validation_neg_elbo"]),
                               float(log.read_text().splitlines()[1].split(",")[5]), places=3)
        self.good("plot", log, "--out", png)
        quantize = ["quantize", out, "--data", self.data, "--out", self.root / "held.pvae", "--validation", 200]
        text = self.good(*quantize)
        self.assertIn("(nats per validation image)", text)
        self.assertIn("of the validation images", text)
        self.assertNotIn("test", text)
        figures = json.loads(self.good(*quantize, "--json"))
        self.assertEqual((figures["split"], figures["images"]), ("validation", 200))
        self.assertAlmostEqual(figures["f32"]["neg_elbo"], float(metadata["validation_neg_elbo"]), places=3)
        self.good(*train, "--objective", "iwae", "--samples", 2)
        self.assertTrue(log.read_text().splitlines()[0].endswith(",validation_kl,train_loss,validation_loss"))
        self.good("plot", log, "--out", png)

    @staticmethod
    def metadata_of(model):
        whole = model.read_bytes()
        return json.loads(whole[8:8 + struct.unpack("<Q", whole[:8])[0]])["__metadata__"]

    def test_same_seed_same_bytes_whatever_the_threads(self):
        models = []
        for threads in (1, 2):
            out = self.root / f"threads{threads}.safetensors"
            self.good("train", "--data", self.data, "--out", out, "--epochs", 1, "--seed", 5,
                      "--threads", threads)
            models.append(out.read_bytes())
        self.assertEqual(models[0], models[1])

    def test_the_end_says_how_many_latents_are_active(self):
        out = self.root / "collapsed.safetensors"
        train = ["train", "--data", self.data, "--out", out, "--epochs", 2]
        last = self.good(*train).splitlines()[-1]
        found = re.search(r" after 2 epochs; (\d+) of 50 latents active$", last)
        nll = json.loads(self.good("nll", out, "--data", self.data, "--samples", 1, "--latents", "--json"))
        self.assertEqual(int(found.group(1)), nll["active"])
        self.assertGreater(nll["active"], 1)
        collapsed = run(*train, "--beta", 1000)
        self.assertEqual(collapsed.returncode, 0, collapsed.stderr)
        self.assertIn("; 0 of 50 latents active\n", collapsed.stdout)
        self.assertIn("picovae: 0 of 50 latents active: the code collapsed", collapsed.stderr)
        one = run(*train, "--latent", 1)  # it cannot have two
        self.assertIn(" of 1 latent active\n", one.stdout)
        self.assertNotIn("collapsed", one.stderr)

    def test_a_preset_is_changed_by_the_other_options_in_any_order(self):
        models = []
        for extra in (["--preset", "deck", "--beta1", 0.8], ["--beta1", 0.8, "--preset", "deck"]):
            out = self.root / "preset.safetensors"
            self.good("train", "--data", self.data, "--out", out, "--epochs", 1, *extra)
            models.append(out.read_bytes())
            self.assertIn(b'"beta1":"0.8"', models[-1])
            self.assertIn(b'"schedule":"constant"', models[-1])
        self.assertEqual(models[0], models[1])

    def test_old_names_of_options(self):
        models = []
        for extra in (["--centered", "off"], ["--centred", "off"], ["--centred=off"]):
            out = self.root / "renamed.safetensors"
            self.good("train", "--data", self.data, "--out", out, "--epochs", 1, *extra)
            models.append(out.read_bytes())
        self.assertEqual(models[0], models[1])
        self.assertEqual(models[0], models[2])
        self.assertNotIn("--centred", self.good("train", "--help"))

    def test_objectives(self):
        out, log = self.root / "objective.safetensors", self.root / "objective.csv"
        train = ["train", "--data", self.data, "--out", out, "--epochs", 1, "--log", log]
        for extra, says in ((["--objective", "iwae", "--samples", 3], "3 z (IWAE)"),
                            (["--preset", "deck", "--deck-loss"], "NOT an ELBO")):
            self.assertIn(says, self.good(*train, *extra))
            header, line = (text.split(",") for text in log.read_text().splitlines())
            self.assertEqual(header[-2:], ["train_loss", "test_loss"])
            figures = dict(zip(header, map(float, line)))
            self.assertLess(figures["test_loss"], figures["test_neg_elbo"])
            self.good("plot", log, "--out", self.root / "objective.png")
        self.good(*train, "--kl-warmup", 0.5, "--beta", 0.9)

    def test_samples(self):
        out = self.root / "sampled.safetensors"
        names = ("samples", "samples_late", "late_share", "antithetic")
        for extra, settings in (([], ("1", "2", "0.5", "true")),
                                (["--samples", 5], ("5", "5", "0.5", "true")),
                                (["--samples-late", 3, "--late-share", 0.25, "--antithetic", "off"],
                                 ("1", "3", "0.25", "false")),
                                (["--objective", "iwae", "--samples", 3], ("3", "3", "0.5", "false")),
                                (["--preset", "deck"], ("1", "1", "0.5", "false"))):
            self.good("train", "--data", self.data, "--out", out, "--epochs", 1, *extra)
            metadata = self.metadata_of(out)
            self.assertEqual(tuple(metadata[name] for name in names), settings)

    def test_augmentation(self):
        out = self.root / "augmented.safetensors"
        models = []
        for extra, settings in (([], ("0", "0.75")), (["--augment", 0.5], ("0.5", "0.75")),
                                (["--augment", 0.5, "--augment-until", 0.25], ("0.5", "0.25"))):
            self.good("train", "--data", self.data, "--out", out, "--epochs", 2, *extra)
            metadata = self.metadata_of(out)
            self.assertEqual((metadata["augment"], metadata["augment_until"]), settings)
            models.append(metadata["test_neg_elbo"])
        self.assertEqual(len(set(models)), 3)

    def test_relu_from_training_to_the_board(self):
        f32, s8, board = (self.root / f"relu.{name}" for name in ("safetensors", "pvae", "board.pvae"))
        train = ["train", "--data", self.data, "--hidden", "40,32", "--latent", 8, "--epochs", 1]
        self.good(*train, "--out", f32, "--activation", "relu")
        self.assertEqual(self.metadata_of(f32)["picovae.activation"], "relu")
        other = self.root / "softplus.safetensors"
        self.good(*train, "--out", other, "--activation", "softplus")
        self.assertNotIn("picovae.activation", self.metadata_of(other))
        self.good("quantize", f32, "--data", self.data, "--out", s8)
        self.good("export", s8, "--layout", "cortex-m", "--out", board)
        self.assertIn("softplus", self.good("info", other))
        for model in (f32, s8, board):
            self.assertEqual(json.loads(self.good("info", model, "--json"))["activation"], "relu")
            self.assertIn("relu", self.good("info", model))
        self.good("self-test", s8, "--every-isa")
        self.good("classes", f32, "--data", self.data, "--out", f32)  # rewrites it
        self.assertEqual(self.metadata_of(f32)["picovae.activation"], "relu")
        self.bad(2, *train, "--out", f32, "--activation", "tanh", says="tanh")

    def test_another_data_set(self):
        folder = self.root / "letters"
        folder.mkdir()
        letters = [i % 26 + 1 for i in range(137)]
        for half, count in (("train", 137), ("test", 33)):  # fewer images than two batches
            start = folder / f"roman-letters-{half}"
            pathlib.Path(f"{start}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_images(count)))
            pathlib.Path(f"{start}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx_labels(letters[:count])))
        f32, s8 = self.root / "letters.safetensors", self.root / "letters.pvae"
        data = ("--data", folder / "roman-letters")
        self.good("train", *data, "--out", f32, "--epochs", 1)
        self.good("quantize", f32, *data, "--out", s8)
        self.good("eval", s8, "--data", folder)
        self.good("nll", s8, *data, "--samples", 3)
        codes = self.root / "letters.csv"
        self.good("encode", s8, *data, "--out", codes)
        labels = [int(line.split(",")[0]) for line in codes.read_text().splitlines()[1:]]
        self.assertEqual(labels, letters[:33])
        self.good("interpolate", s8, *data, "--from", 26, "--to", 1, "--out", self.root / "az.png")
        self.bad(1, "interpolate", s8, *data, "--out", self.root / "none.png",
                 says="label 0; there are labels from 1 to 26")


if __name__ == "__main__":
    cli.main()
