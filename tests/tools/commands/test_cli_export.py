"""Models for boards: quantized to every type, in every layout, and as C that compilers take.
   test_cli_export.py PROGRAM CC CXX"""

import json
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
import cli

CC = CXX = ""
INCLUDE = pathlib.Path(__file__).resolve().parents[3] / "engine/include"


class Export(cli.CliTest):
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


if __name__ == "__main__":
    CC, CXX = sys.argv.pop(2), sys.argv.pop(2)
    cli.main()
