"""The commands of picovae do what they say: training, measuring, packing, drawing.
   test_cli.py PROGRAM CC CXX"""

import gzip
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import cli
from cli import idx_images, idx_labels, isas, run

COMMANDS = ["data", "train", "eval", "nll", "quantize", "classes", "score", "export", "encode", "generate",
            "reconstruct", "interpolate", "map", "plot", "info", "self-test", "convert", "import"]
CC = CXX = ""
INCLUDE = pathlib.Path(__file__).resolve().parents[3] / "engine/include"


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

    def test_version_names_the_isa(self):
        self.assertRegex(self.good("--version"), r"ISA \w+")
        self.assertIn("ISA scalar", self.good("--version", env={"PICOVAE_ISA": "scalar"}))

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

    def test_an_f32_blob_is_the_same_model(self):
        blob = self.root / "f32.pvae"
        self.good("quantize", self.f32, "--data", self.data, "--out", blob, "--type", "f32")
        evaluate = ["--data", self.data, "--json"]
        self.assertEqual(self.good("eval", blob, *evaluate), self.good("eval", self.f32, *evaluate))

    def test_16_bit_weights_lose_next_to_nothing(self):
        for kind in ("f16", "bf16"):
            blob = self.root / f"{kind}.pvae"
            result = json.loads(self.good("quantize", self.f32, "--data", self.data, "--out", blob,
                                          "--type", kind, "--json"))
            self.assertEqual(result["type"], kind)
            self.assertLess(abs(result["loss"]), 0.01)
            self.assertLess(result["bytes"], 1_500_000)
            evaluated = json.loads(self.good("eval", blob, "--data", self.data, "--json"))
            self.assertEqual(evaluated, {**result["quantized"], "split": "test", "images": 100})

    def test_same_seed_same_bytes_whatever_the_threads(self):
        models = []
        for threads in (1, 2):
            out = self.root / f"threads{threads}.safetensors"
            self.good("train", "--data", self.data, "--out", out, "--epochs", 1, "--seed", 5,
                      "--threads", threads)
            models.append(out.read_bytes())
        self.assertEqual(models[0], models[1])

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

    def test_export_keeps_model_and_signature(self):
        board = self.root / "board.pvae"
        self.good("export", self.s8, "--layout", "cortex-m", "--out", board)
        host, other = (json.loads(self.good("info", m, "--json")) for m in (self.s8, board))
        self.assertEqual(other["layout"], "cortex-m")
        for key in ("model_id", "signature", "signature_reconstruct", "shape"):
            self.assertEqual(host[key], other[key], key)
        back = self.root / "back.pvae"
        self.good("export", board, "--layout", "host", "--out", back)
        self.assertEqual(back.read_bytes(), self.s8.read_bytes())
        decoder = self.root / "decoder.pvae"
        self.good("export", self.s8, "--decoder-only", "--out", decoder)
        self.assertLessEqual(decoder.stat().st_size, 352 * 1024)
        self.bad(1, "generate", board, "--ascii", says="picovae export")
        self.bad(1, "export", decoder, "--layout", "host", "--out", self.root / "no" / "x")

    def test_a_decoder_of_4_bits(self):
        model = self.root / "four.pvae"
        told = json.loads(self.good("quantize", self.f32, "--data", self.data, "--decoder-bits", 4, "--out", model,
                                    "--json"))
        self.assertEqual(told["decoder_bits"], 4)
        self.assertLess(told["loss"], 20)
        self.assertLess(model.stat().st_size, self.s8.stat().st_size * 0.85)
        info = json.loads(self.good("info", model, "--json"))
        self.assertEqual((info["type"], info["decoder_bits"]), ("s8", 4))
        self.assertEqual([layer["weight_bits"] for layer in info["layers"]], [8, 8, 8, 4, 4, 4])
        self.assertEqual(info["layers"][5]["weights"]["bytes"] * 2 % 310, 0)  # 300 inputs and 10 scales an output
        self.assertEqual(json.loads(self.good("info", self.s8, "--json"))["decoder_bits"], 8)
        self.assertIn("decoder of 4 bits", self.good("info", model))
        board, back = self.root / "four_board.pvae", self.root / "four_back.pvae"
        for layout in ("cortex-m", "mve", "host"):
            self.good("export", model, "--layout", layout, "--out", board)
            other = json.loads(self.good("info", board, "--json"))
            for key in ("model_id", "signature", "signature_reconstruct", "signature_scores", "decoder_bits"):
                self.assertEqual(info[key], other[key], key)
            self.good("export", board, "--layout", "host", "--out", back)
            self.assertEqual(back.read_bytes(), model.read_bytes())
        self.good("export", model, "--layout", "host", "--decoder-only", "--out", board)
        self.good("self-test", board, "--every-isa")
        self.assertIn("as the model says", self.good("self-test", model))
        self.bad(2, "quantize", self.f32, "--data", self.data, "--type", "f16", "--decoder-bits", 4, "--out", back,
                 says="--decoder-bits belongs to --type s8")

    def test_activations_of_7_bits(self):
        model = self.root / "seven.pvae"
        command = ["quantize", self.f32, "--data", self.data, "--activations", 127, "--out", model]
        told = json.loads(self.good(*command, "--json"))
        self.assertEqual(told["f32"], self.quantized["f32"])
        self.assertNotEqual(told["quantized"], self.quantized["quantized"])
        for file, greatest, byte in ((model, 127, 0), (self.s8, 170, 170)):
            self.assertEqual(file.read_bytes()[57], byte)
            self.assertEqual(json.loads(self.good("info", file, "--json"))["greatest_activation"], greatest)
            self.assertIn(f"hidden activations are 0..{greatest}", self.good("info", file))
            board, back = self.root / "seven_board.pvae", self.root / "seven_back.pvae"
            for layout in ("cortex-m", "mve"):
                self.good("export", file, "--layout", layout, "--out", board)
                self.good("export", board, "--layout", "host", "--out", back)
                self.assertEqual(back.read_bytes(), file.read_bytes())
        self.assertNotIn("greatest_activation", json.loads(self.good("info", self.f32, "--json")))
        self.good("self-test", self.s8, "--every-isa")
        self.bad(2, "quantize", self.f32, "--data", self.data, "--type", "f16", "--activations", 127, "--out", back,
                 says="--activations belongs to --type s8")

    def compile(self, folder, program, standard, *sources):
        objects = []
        for source in sources:
            compiler, flags = (CC, "-std=c11") if source.endswith(".c") else (CXX, f"-std={standard}")
            objects.append(folder / f"{program}-{source}.o")
            subprocess.run([compiler, flags, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", INCLUDE, "-c",
                            folder / source, "-o", objects[-1]], check=True)
        subprocess.run([CXX, *objects, "-o", folder / program], check=True)
        return subprocess.run([folder / program], stdout=subprocess.PIPE, check=True).stdout

    def test_c_header_compiles_to_the_model(self):
        folder = self.root / "array"
        folder.mkdir()
        board = folder / "board.pvae"
        self.good("export", self.s8, "--decoder-only", "--out", board, "--c-array", folder / "model.h")
        alone = folder / "alone.h"
        self.good("export", self.s8, "--layout", "cortex-m", "--decoder-only", "--c-array", alone)
        self.assertIn(f"picovae export {self.s8.name} --layout cortex-m --decoder-only "
                      "--c-array alone.h\n", alone.read_text())
        (folder / "main.c").write_text(
            '#include "model.h"\n#include <stdint.h>\n#include <stdio.h>\n'
            "int main(void) {\n"
            "  if ((uintptr_t)model % 64 != 0) return 1;\n"
            "  return fwrite(model, 1, sizeof(model), stdout) == 0;\n"
            "}\n")
        (folder / "main.cpp").write_text(
            '#include "main.c"\nconstexpr unsigned char first = model[0];\n'
            "static_assert(first == 'P', \"\");\n")
        for program, source, standard in (("c", "main.c", "c11"), ("cpp11", "main.cpp", "c++11"),
                                          ("cpp20", "main.cpp", "c++20")):
            self.assertEqual(self.compile(folder, program, standard, source), board.read_bytes(), program)

    def test_two_models_in_one_program(self):
        """Of different shapes, both declared in every file, each stored once."""
        folder = self.root / "two"
        folder.mkdir()
        small, small_s8 = folder / "small.safetensors", folder / "small.pvae"
        self.good("train", "--data", self.data, "--out", small, "--epochs", 1, "--hidden", "16,8", "--latent", 4)
        self.good("quantize", small, "--data", self.data, "--out", small_s8)
        self.good("export", self.s8, "--out", folder / "large.pvae", "--c-array", folder / "large.c")
        said = self.good("export", small_s8, "--out", folder / "packed.pvae", "--c-array", folder / "8-bit.c",
                         "--name", "small")
        self.assertIn("small[", said)
        (folder / "print.h").write_text("#ifdef __cplusplus\nextern \"C\"\n#endif\nvoid print_small(void);\n")
        (folder / "print.c").write_text(
            '#include "large.h"\n#include "8-bit.h"\n#include <stdint.h>\n#include <stdio.h>\n#include "print.h"\n'
            "void print_small(void) {\n  if ((uintptr_t)small % 64 == 0) fwrite(small, 1, SMALL_SIZE, stdout);\n}\n")
        main = ('#include "8-bit.h"\n#include "large.h"\n#include <stdint.h>\n#include <stdio.h>\n'
                '#include "print.h"\nMORE\n'
                "int main(void) {\n  if ((uintptr_t)large % 64 != 0) return 1;\n"
                "  if (fwrite(large, 1, sizeof(large), stdout) != LARGE_SIZE) return 1;\n"
                "  print_small();\n  return 0;\n}\n")
        (folder / "main.c").write_text(main.replace("MORE", ""))
        (folder / "main.cpp").write_text(main.replace("MORE",
            '#if __cplusplus >= 202002L\n#include "picovae/vae.hpp"\nusing namespace picovae;\n'
            "static_assert(sizeof(Arena<Shape<LARGE_SHAPE>, Integer>) == LARGE_ARENA_SIZE);\n"
            "static_assert(sizeof(Arena<Shape<SMALL_SHAPE>, Integer>) == SMALL_ARENA_SIZE);\n"
            "static_assert(sizeof(EncoderArena<Shape<SMALL_SHAPE>, Integer>) == SMALL_ENCODER_ARENA_SIZE);\n"
            "static_assert(sizeof(DecoderArena<Shape<SMALL_SHAPE>, Integer>) == SMALL_DECODER_ARENA_SIZE);\n"
            "#endif\n"))
        wanted = (folder / "large.pvae").read_bytes() + (folder / "packed.pvae").read_bytes()
        for program, source, standard in (("c", "main.c", "c11"), ("cpp11", "main.cpp", "c++11"),
                                          ("cpp20", "main.cpp", "c++20")):
            written = self.compile(folder, program, standard, source, "print.c", "large.c", "8-bit.c")
            self.assertEqual(written, wanted, program)
        # picovae.h takes the shape of the model, or refuses to be of another.
        (folder / "shape.c").write_text('#include "8-bit.h"\n#include "picovae/picovae.h"\n'
                                        "_Static_assert(PICOVAE_PIXELS == 784 && PICOVAE_LATENT == 4, \"\");\n")
        (folder / "wrong.c").write_text('#include "picovae/picovae.h"\n#include "8-bit.h"\n')
        compile_c = [CC, "-std=c11", "-I", INCLUDE, "-fsyntax-only"]
        subprocess.run([*compile_c, folder / "shape.c"], check=True)
        wrong = subprocess.run([*compile_c, folder / "wrong.c"], stderr=subprocess.PIPE, text=True)
        self.assertNotEqual(wrong.returncode, 0)
        self.assertIn("another shape than small: include this first, or -DPICOVAE_SHAPE=784,16,8,4", wrong.stderr)

    def test_one_hidden_layer_in_c(self):
        """picovae.h takes three numbers as well as four."""
        folder = self.root / "one"
        folder.mkdir()
        self.good("train", "--data", self.data, "--out", folder / "f32", "--epochs", 1, "--hidden", "16", "--latent", 4)
        self.good("quantize", folder / "f32", "--data", self.data, "--out", folder / "s8")
        self.good("export", folder / "s8", "--out", folder / "board", "--c-array", folder / "one.c")
        checks = ("PICOVAE_PIXELS == 784 && PICOVAE_HIDDEN1 == 16 && PICOVAE_HIDDEN2 == 0 && PICOVAE_LATENT == 4 && "
                  "sizeof(picovae_arena) == ONE_ARENA_SIZE && sizeof(picovae_encoder_arena) == ONE_ENCODER_ARENA_SIZE")
        (folder / "one_shape.c").write_text('#include "one.h"\n#include "picovae/picovae.h"\n'
                                            f'_Static_assert({checks}, "");\n'
                                            "int main(void) { return picovae_open(0, 0, 0, 0); }\n")
        strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", INCLUDE]
        made = folder / "one_shape.o"
        subprocess.run([CC, "-std=c11", *strict, "-c", folder / "one_shape.c", "-o", made], check=True)
        self.assertIn(b"picovae_open_784_16_4_0", made.read_bytes())
        (folder / "other.c").write_text('#include "picovae/picovae.h"\n#include "one.h"\n')
        wrong = subprocess.run([CC, *strict, "-fsyntax-only", folder / "other.c"], stderr=subprocess.PIPE, text=True)
        self.assertIn("another shape than one: include this first, or -DPICOVAE_SHAPE=784,16,4", wrong.stderr)

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

    def test_a_preset_is_changed_by_the_other_options_in_any_order(self):
        models = []
        for extra in (["--preset", "deck", "--beta1", 0.8], ["--beta1", 0.8, "--preset", "deck"]):
            out = self.root / "preset.safetensors"
            self.good("train", "--data", self.data, "--out", out, "--epochs", 1, *extra)
            models.append(out.read_bytes())
            self.assertIn(b'"beta1":"0.8"', models[-1])
            self.assertIn(b'"schedule":"constant"', models[-1])
        self.assertEqual(models[0], models[1])

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


if __name__ == "__main__":
    CC, CXX = sys.argv.pop(2), sys.argv.pop(2)
    cli.main()
