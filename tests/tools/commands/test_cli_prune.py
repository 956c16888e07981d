"""picovae quantize --prune: pixels that are hardly ever lit, and models without them in other commands.
   test_cli_prune.py PROGRAM"""

import json
import struct
import sys

sys.dont_write_bytecode = True
import cli
from cli import idx_labels, run


class Pruned(cli.CliTest):
    SHAPE = ("--hidden", "40,24", "--latent", 8)

    def quantize(self, *arguments, data=None, model=None):
        out = self.root / "pruned.pvae"
        told = json.loads(self.good("quantize", model or self.f32, "--data", data or self.data, "--out", out,
                                    *arguments, "--json"))
        return out, told

    def info(self, model):
        return json.loads(self.good("info", model, "--json"))

    def test_what_is_dead_is_told_and_not_stored(self):
        whole, told = self.quantize("--prune", 0)
        self.assertEqual(told["dead"], {"inputs": 0, "outputs": 0, "loss": 0})
        info = self.info(whole)
        self.assertEqual((info["dead_inputs"], info["dead_outputs"]), (0, 0))
        most = told["bytes"]
        before = (0, 0)
        for nats in (0.01, 0.1, 3):
            model, told = self.quantize("--prune", nats)
            dead, info = told["dead"], self.info(model)
            self.assertLessEqual(dead["loss"], nats)
            self.assertEqual((info["dead_inputs"], info["dead_outputs"]), (dead["inputs"], dead["outputs"]))
            self.assertEqual(info["layers"][0]["in"], 784 - dead["inputs"])
            self.assertEqual(info["layers"][5]["out"], 784 - dead["outputs"])
            self.assertEqual((info["pixels"], info["shape"][0]), (784, 784))
            self.assertGreaterEqual((dead["inputs"], dead["outputs"]), before)
            self.assertLess(told["bytes"], most)
            before, most = (dead["inputs"], dead["outputs"]), told["bytes"] + 1
        self.assertGreater(before[0], 100)  # rows without ink
        self.assertGreater(before[1], 100)
        text = self.good("quantize", self.f32, "--data", self.data, "--out", model)
        self.assertRegex(text, r"dead pixels +\d+ inputs, \d+ outputs of 784, which cost [+-]0\.\d+ nats")

    def test_the_default_is_a_hundredth_of_a_nat(self):
        model, _ = self.quantize("--prune", 0.01)
        self.assertEqual(model.read_bytes(), self.s8.read_bytes())
        self.assertLessEqual(self.quantized["dead"]["loss"], 0.01)

    def test_the_loss_is_near_what_is_told(self):
        _, whole = self.quantize("--prune", 0)
        _, told = self.quantize("--prune", 2, "--layers")
        self.assertGreater(told["dead"]["loss"], 0.5)
        # Of the test images, which are like those of training.
        more = told["quantized"]["neg_elbo"] - whole["quantized"]["neg_elbo"]
        self.assertLess(abs(more - told["dead"]["loss"]), 0.3)
        self.assertTrue(all(-1 < layer["loss"] < 3 for layer in told["layers"]))

    def test_threads_do_not_change_it(self):
        one, _ = self.quantize("--threads", 1)
        kept = one.read_bytes()
        three, _ = self.quantize("--threads", 3)
        self.assertEqual(three.read_bytes(), kept)

    def test_other_layouts_and_a_decoder_alone_draw_the_same(self):
        model, _ = self.quantize("--prune", 0.5)
        wanted = self.info(model)
        drawn = self.root / "drawn.png"
        self.good("generate", model, "--out", drawn)
        picture = drawn.read_bytes()
        for layout in ("host", "cortex-m", "mve"):
            for half in ((), ("--decoder-only",)):
                board = self.root / "board.pvae"
                self.good("export", model, "--layout", layout, *half, "--out", board)
                info = self.info(board)
                self.assertEqual(info["signature"], wanted["signature"])
                self.assertEqual(info["dead_outputs"], wanted["dead_outputs"])
                self.assertEqual(info["dead_inputs"], 0 if half else wanted["dead_inputs"])
                self.assertEqual(info["model_id"] == wanted["model_id"], not half)
                self.assertEqual(info["signature_scores"], "00000000" if half else wanted["signature_scores"])
                for row in json.loads(self.good("self-test", board, "--every-isa", "--json")):
                    self.assertTrue(row.get("ok", not row["ran"]), row)
        self.good("export", model, "--layout", "host", "--decoder-only", "--out", board)
        self.good("generate", board, "--out", drawn)
        self.assertEqual(drawn.read_bytes(), picture)

    def test_weights_of_16_bits_keep_all_pixels(self):
        told = {nats: self.quantize("--type", "bf16", "--prune", nats) for nats in (0, 3)}
        self.assertNotIn("dead", told[3][1])
        self.assertEqual(told[0][1], told[3][1])
        self.assertNotIn("dead_inputs", self.info(told[3][0]))

    def test_misuse(self):
        quantize = ["quantize", self.f32, "--data", self.data, "--out", self.root / "x"]
        for nats in ("-1", "-0.001", "nan", "inf", "-inf", "1000.1", "1e999", "", "some", "0,5"):
            self.bad(2, *quantize, f"--prune={nats}", says="--prune")

    def data_of(self, name, train, pixel):
        """A data set of `train` images, all pixels of which have one value."""
        folder = self.root / name
        folder.mkdir()
        for split, count in (("train", train), ("t10k", 10)):
            images = struct.pack(">IIII", 0x803, count, 28, 28) + bytes([pixel]) * (784 * count)
            (folder / f"{split}-images-idx3-ubyte").write_bytes(images)
            (folder / f"{split}-labels-idx1-ubyte").write_bytes(idx_labels([i % 2 for i in range(count)]))
        return folder

    def test_odd_data(self):
        model, told = self.quantize(data=self.data_of("black", 400, 0))
        self.assertLessEqual(told["dead"]["loss"], 0.01)
        self.assertLess(told["dead"]["inputs"], 784)
        self.assertLess(told["dead"]["outputs"], 784)
        self.assertGreater(told["dead"]["inputs"], 100)
        self.good("self-test", model)
        model, told = self.quantize(data=self.data_of("white", 400, 255))
        self.assertEqual(told["dead"]["outputs"], 0)
        self.good("self-test", model)
        for count, says in ((1, "at least two training images"), (0, "holds no images")):
            data = self.data_of(f"only{count}", count, 0)
            self.bad(1, "quantize", self.f32, "--data", data, "--out", self.root / "x", says=says)


if __name__ == "__main__":
    cli.main()
