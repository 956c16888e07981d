"""Misuse of picovae ends with status 2, bad input with status 1, each with one line that helps and no
half-written output.   test_cli_errors.py PROGRAM"""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parents[3] / "ports"))
import cli
from harness.crc32c import crc32c


class Errors(cli.CliTest):
    # --- misuse: status 2 ---

    def test_contradictory_objectives(self):
        train = ["train", "--data", self.data, "--out", self.root / "x"]
        iwae = ["--objective", "iwae", "--samples", "5"]
        deck = ["--preset", "deck", "--deck-loss"]
        for extra, says in ((["--objective", "iwae"], "--samples 1"),
                            ([*iwae, "--beta", "1"], "--beta"),
                            ([*iwae, "--kl-warmup", "1"], "--kl-warmup"),
                            ([*iwae, "--sticking", "on"], "--sticking"),
                            ([*iwae, "--samples-late", "7"], "--samples-late"),
                            ([*iwae, "--late-share", "0.5"], "--late-share"),
                            ([*iwae, "--antithetic", "on"], "--antithetic"),
                            (["--samples", "3", "--samples-late", "2"], "less than --samples 3"),
                            (["--deck-loss"], "--preset deck"),
                            ([*deck, *iwae], "--objective"),
                            ([*deck, "--beta", "2"], "--beta"),
                            ([*deck, "--pixels", "gray"], "--pixels gray"),
                            (["--kl-warmup", "31"], "--epochs 30"),
                            (["--kl-warmup", "3", "--beta", "0"], "--beta 0")):
            self.bad(2, *train, *extra, says=says)

    def test_misuse(self):
        train = ["train", "--data", self.data, "--out", self.root / "x"]
        for extra in (["--batch", "0"], ["--epochs", "-3"], ["--seed", "seven"], ["--seed", "-1"],
                      ["--lr", "0"], ["--pixels", "blue"], ["--nonsense"], ["--threads", "0"]):
            self.bad(2, *train, *extra)
        for number in ("nan", "inf", "-inf", "1e999", "1e-999", "0x1p3", "1,5", "3 "):
            self.bad(2, *train, f"--lr={number}", says="is not a number above 0")
            self.bad(2, *train, f"--beta={number}", says="is not a number from 0")
            self.bad(2, *train, f"--epochs={number}", says="is not a whole number from 1 to")
        for number in ("-1", "+1", "1.0", "0x10", "18446744073709551616", "18446744073709551615"):
            self.bad(2, *train, f"--threads={number}", says="is not a whole number from 1 to 256")
        for switch in ("1", "ON"):  # names, not the numbers behind them
            self.bad(2, *train, f"--sticking={switch}", says="none of on, off")
        self.bad(2, "eval", self.s8, "--pixels", "grey", says="none of gray, binary, stochastic")
        self.bad(2, says="no command")
        self.bad(2, "paint", says='no command "paint" (see')
        self.bad(2, "paint", "--help", says="no command")
        for typed, meant in (("evla", "eval"), ("quantise", "quantize"), ("hlep", "help"), ("selftest", "self-test"),
                             ("--versoin", "--version")):
            self.bad(2, typed, says=f"did you mean {meant}?")
        self.bad(2, "help", "evla", says="did you mean eval?")
        self.bad(2, *train, "--ephocs=3", says="no option --ephocs; did you mean --epochs?")
        self.bad(2, *train, "--nonsense", says="no option --nonsense (see")
        self.bad(2, "info", self.s8, "more", says='no further argument "more"')
        self.bad(2, "train", "--data", self.data)
        self.bad(2, "generate", self.s8, "--seed", "1e99")
        for label in ("seven", "-1", "", "1.5"):
            self.bad(2, "generate", self.s8, "--digit", label)
        self.bad(2, "export", self.s8, says="--out, --c-array or --onnx")
        for option in (("--out", self.root / "x"), ("--c-array", self.root / "x.c"), ("--layout", "mve")):
            self.bad(2, "export", self.s8, "--onnx", self.root / "x", *option, says="--onnx")
        self.bad(2, "export", self.s8, "--out", self.root / "x", "--name", "a", says="--name belongs to --c-array")
        for name in ("9", "a-b", "int", "picovae", ""):
            self.bad(2, "export", self.s8, "--c-array", self.root / "x.c", "--name", name, says="cannot name an array")
        same = self.root / "same"
        self.bad(2, "export", self.s8, "--out", same, "--c-array", same, says="the same file")
        self.bad(2, "reconstruct", self.s8, "--image", "a.png", "--count", "3", "--out", "b.png")

    # --- failures: status 1 ---

    def test_isa(self):
        self.bad(1, "--version", env={"PICOVAE_ISA": "mmx"}, says="PICOVAE_ISA=mmx")

    def test_data(self):
        self.bad(1, "eval", self.f32, "--data", self.root / "nowhere", says="t10k-images-idx3-ubyte")
        name = "t10k-images-idx3-ubyte"
        whole = (self.data / name).read_bytes()
        for broken in (b"", whole[:3], whole[:15], whole[:-1], whole + b"\0", b"\0\0\x08\x01" + whole[4:]):
            with tempfile.TemporaryDirectory() as folder:
                copy = pathlib.Path(folder)
                for file in self.data.iterdir():
                    (copy / file.name).write_bytes(file.read_bytes())
                (copy / name).write_bytes(broken)
                self.bad(1, "eval", self.f32, "--data", copy, says=name)

    def broken_model(self, content, says, command=("generate", "--ascii")):
        path = self.root / "broken"
        path.write_bytes(content)
        self.bad(1, command[0], path, *command[1:], says=says)

    def test_safetensors(self):
        whole = self.f32.read_bytes()
        size = struct.unpack("<Q", whole[:8])[0]
        header = json.loads(whole[8:8 + size])

        def with_header(change):
            changed = json.loads(json.dumps(header))
            change(changed)
            text = json.dumps(changed).encode()
            return struct.pack("<Q", len(text)) + text + whole[8 + size:]

        def rename(h):
            h["decoder.3.bias"] = h.pop("decoder.2.bias")

        self.broken_model(b"", "broken")
        self.broken_model(whole[:100], "broken")
        self.broken_model(whole[:-4], "broken")
        self.broken_model(struct.pack("<Q", 1 << 60) + whole[8:], "broken")
        self.broken_model(with_header(lambda h: h["encoder.0.weight"].update(dtype="F16")), "expected 470400")
        self.broken_model(with_header(lambda h: h["encoder.0.weight"].update(dtype="F4")), "F4")
        self.broken_model(with_header(lambda h: h["encoder.0.weight"].update(dtype="I32")), "holds no floats")
        self.broken_model(with_header(lambda h: h["encoder.0.weight"].update(shape=[784, 300])),
                          "encoder.0")
        self.broken_model(with_header(rename), "decoder.")
        nan = bytearray(whole)
        nan[8 + size:12 + size] = b"\xff\xff\xff\x7f"
        self.broken_model(bytes(nan), "broken")

    def test_blobs(self):
        whole = self.s8.read_bytes()
        for at in (0, 5, 9, 17, 30, 60, 70, 200, 1000, len(whole) // 2, len(whole) - 1):
            flipped = bytearray(whole)
            flipped[at] ^= 1
            self.broken_model(bytes(flipped), "broken")
        for length in (3, 10, 63, 64, 500, len(whole) // 2, len(whole) - 1):
            self.broken_model(whole[:length], "broken")
        self.broken_model(zlib.compress(whole), "broken")

    def test_a_blob_that_claims_another_shape(self):
        other = bytearray(self.s8.read_bytes())
        count = other[33]
        other[8:16] = struct.pack("<HHHH", 784, 128, 64, 16)
        table_end = 64 + 16 * count
        other[60:64] = struct.pack("<I", crc32c(bytes(other[:60]) + bytes(other[64:table_end])))
        self.broken_model(bytes(other), "a section has another size than its layer needs")

    def test_outputs(self):
        nowhere = self.root / "missing" / "out"
        for out in (nowhere, "/dev/full", self.root):
            self.bad(1, "generate", self.s8, "--out", out, says=str(out))
            self.bad(1, "quantize", self.f32, "--data", self.data, "--out", out, says=str(out))
            self.bad(1, "export", self.s8, "--c-array", out, says=str(out))
        self.bad(1, "export", self.s8, "--out", self.root / "x", "--c-array", nowhere)
        self.bad(1, "train", "--data", self.data, "--out", nowhere, says=str(nowhere))
        self.bad(1, "train", "--data", self.data, "--out", self.root / "x", "--log", nowhere)
        with open("/dev/full", "w") as full:
            result = subprocess.run([cli.PROGRAM, "info", self.s8], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(result.returncode, 1)

    def test_counts_beyond_the_set(self):
        for command in (("nll", "--samples", 1), ("reconstruct", "--out", self.root / "x.png")):
            self.bad(1, command[0], self.s8, "--data", self.data, "--count", 101, *command[1:],
                     says="has 100 images; ask for at most as many with --count")

    def test_a_blob_is_quantized_already(self):
        for model in (self.s8, self.root / "f16.pvae"):
            if not model.exists():
                cli.run("quantize", self.f32, "--data", self.data, "--type", "f16", "--out", model)
            self.bad(1, "quantize", model, "--data", self.data, "--out", self.root / "x",
                     says="is a .pvae, packed already; give the .safetensors model")

    def test_images_of_another_size(self):
        other = self.root / "other"
        other.mkdir()
        for half in ("train", "t10k"):
            (other / f"{half}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, 4, 32, 32) + bytes(4096))
            (other / f"{half}-labels-idx1-ubyte").write_bytes(cli.idx_labels([1] * 4))
        self.bad(1, "eval", self.s8, "--data", other, says="32 x 32 = 1024 pixels, but 784 are wanted")

    def filled(self, **values):
        """The model with all values of some tensors set to one."""
        whole = bytearray(self.f32.read_bytes())
        size = struct.unpack("<Q", whole[:8])[0]
        header = json.loads(whole[8:8 + size])
        for name, value in values.items():
            begin, end = header[name.replace("_", ".")]["data_offsets"]
            whole[8 + size + begin:8 + size + end] = struct.pack("<f", value) * ((end - begin) // 4)
        path = self.root / "filled.safetensors"
        path.write_bytes(whole)
        return path

    def test_figures_that_are_no_numbers(self):
        """Of finite weights, whose sums overflow in the encoder, the decoder, or in exp(logvar)."""
        data, out = ("--data", self.data), ("--out", self.root / "x")
        measures = [("eval", *data), ("eval", *data, "--json"), ("nll", *data, "--samples", 2),
                    ("nll", *data, "--samples", 2, "--latents", "--json"),
                    ("quantize", *data, *out), ("quantize", *data, *out, "--type", "bf16", "--max-loss", 0.01),
                    ("quantize", *data, *out, "--type", "f32", "--json")]
        codes = [("encode", *data, *out), ("encode", *data, "--json"), ("interpolate", *data, *out)]
        uses = [("map", *data, *out), ("classes", *data, *out)]
        for values, commands in (
                ({"encoder_0_weight": 1e30, "encoder_1_weight": 1e30}, [*measures, *codes, *uses]),
                ({"decoder_1_weight": 1e30, "decoder_2_weight": 1e30}, measures),
                ({"encoder_logvar_bias": 800}, [*measures, *uses])):
            model = self.filled(**values)
            for command, *more in commands:
                with self.subTest(command, values=values):
                    self.bad(1, command, model, *more, says="is not finite: its weights are numbers")
        model = self.filled(encoder_0_weight=1e30, encoder_1_weight=1e30)
        self.bad(1, "reconstruct", model, *data, *out, says="a pixel of the model is not finite")

    def test_max_loss(self):
        self.bad(1, "quantize", self.f32, "--data", self.data, "--out", self.root / "x.pvae",
                 "--max-loss", -100, says="--max-loss")

    def test_pictures_of_the_wrong_size(self):
        self.bad(1, "reconstruct", self.s8, "--image", self.root / "samples_001.png",
                 "--out", self.root / "x.png", says="28 x 28")
        self.bad(1, "reconstruct", self.s8, "--image", self.s8, "--out", self.root / "x.png")


if __name__ == "__main__":
    cli.main()
