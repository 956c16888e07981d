"""The parts of the run.py of ports/ that need neither a compiler nor an emulator."""
import base64
import contextlib
import gzip
import hashlib
import importlib.util
import io
import pathlib
import re
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "ports"))
import run  # noqa: E402
from harness import emulator, firmware, script, vibration, windows  # noqa: E402
from harness.architectures import ARM, RISCV
from harness.boards import all_boards, parse_boards  # noqa: E402


def family(name):
    """ports/NAME/run.py as a module."""
    spec = importlib.util.spec_from_file_location(name, script.PORTS / name / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Options(unittest.TestCase):
    def test_boards_may_stand_among_options(self):
        options = run.parse(["mps2-an386", "--digits", "10", "mps2-an500", "--kernel-opt", "-O0"])
        self.assertEqual(options.boards, ["mps2-an386", "mps2-an500"])
        self.assertEqual((options.digits, options.kernel_opt), (10, "-O0"))

    def test_misuse(self):
        for arguments in (["--digits", "0"], ["--digits", "many"], ["--compiler", "icc"], ["--model", "/no/model"],
                          ["--json"], ["--unknown"], ["--dig", "10"], ["--epochs", "0"],
                          ["--model", __file__, "--update-budgets"]):
            with self.subTest(arguments), self.assertRaises(script.Misuse):
                run.parse(arguments)
        with self.assertRaisesRegex(script.Misuse, "no board m4; there are .*mps2-an385-m0 "):
            run.choose(run.parse(["m4"]))

    def test_the_ways_a_script_ends(self):
        def fail(error):
            raise error

        for expected, says, main in ((0, "", lambda _: 0), (1, "x: no qemu", lambda _: fail(script.Failure("no qemu"))),
                                     (2, "x: what? (see --help)", lambda _: fail(script.Misuse("what?")))):
            said = io.StringIO()
            with contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as end:
                script.run_script("x", main)
            self.assertEqual((end.exception.code, said.getvalue().strip()), (expected, says))

    def test_budgets_are_for_the_demo_as_it_is_shipped(self):
        self.assertTrue(run.has_budget(run.parse([])))
        for arguments in (["--digits", "10"], ["--kernel-opt", "-O3"], ["--pictures", "x"], ["--program", __file__]):
            self.assertFalse(run.has_budget(run.parse(arguments)))


class Boards(unittest.TestCase):
    def test_a_line_a_board(self):
        real, emulated = parse_boards("# name\nreal f405 none cortex-m4 dsp cycles - -mfpu=x -mfloat-abi=hard\n\n"
                                      "m55 an547 mps3 cortex-m55 mve 32000000 --shape=784-8-8-2\n")
        self.assertEqual((real.name, real.core, real.flags), ("real", "cortex-m4", ("-mfpu=x", "-mfloat-abi=hard")))
        self.assertEqual((real.emulated, real.layout, real.trains), (False, "cortex-m", False))
        self.assertEqual((emulated.emulated, emulated.layout, emulated.flags), (True, "mve", ()))
        self.assertEqual((emulated.trains, emulated.training), (True, "--shape=784-8-8-2"))

    def test_a_core_says_its_architecture(self):
        arm, riscv = parse_boards("m3 an385 mps2 cortex-m3 small 25000000 -\nrv virt virt rv32imc rv32 cycles - -mabi=x\n")
        self.assertEqual((arm.architecture, riscv.architecture), (ARM, RISCV))
        self.assertEqual((ARM.flags(arm.core), RISCV.flags(riscv.core)),
                         (["-mcpu=cortex-m3", "-mthumb"], ["-march=rv32imc"]))

    def test_clang_is_for_arm(self):
        given = run.choose(run.parse(["--compiler", "clang"]))
        self.assertEqual({board.architecture for board in given}, {ARM})
        riscv = next(board.name for board in all_boards() if board.architecture is RISCV)
        with self.assertRaisesRegex(script.Misuse, f"{riscv} is not an Arm board: clang is for those"):
            run.choose(run.parse(["--compiler", "clang", riscv]))

    def test_files_of_the_boards(self):
        for board in all_boards():
            self.assertTrue((script.PORTS / f"boards/memory/{board.memory}.ld").is_file(), board)
            self.assertTrue((script.ROOT / f"engine/src/board/{board.family}.cpp").is_file(), board)
            clock = script.PORTS / f"boards/{board.architecture.name}/clock_{board.clock}.cpp"
            self.assertTrue(board.clock.isdigit() or clock.is_file(), board)


class Models(unittest.TestCase):
    """The model of each board: the one that ships, or one that is trained for a board without room for that."""

    SMALL = next(board for board in all_boards() if board.trains)
    LARGE = next(board for board in all_boards() if not board.trains)

    def test_boards_without_room_for_a_given_model_or_program_are_left_out_unless_named(self):
        self.assertEqual(run.choose(run.parse([])), all_boards())
        for option in ("--model", "--program"):
            given = run.choose(run.parse([option, __file__]))
            self.assertEqual((self.LARGE in given, self.SMALL in given), (True, False))
        self.assertEqual(run.choose(run.parse(["--model", __file__, self.SMALL.name])), [self.SMALL])

    def test_a_model_is_trained_where_the_one_that_ships_has_no_room(self):
        class Trainer:
            trained = []

            def train(self, *arguments):
                self.trained.append(arguments)
                return "trained"

        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
            options = run.parse(["--build", folder, "--epochs", "3"])
            self.assertEqual(run.model_of(self.LARGE, options, Trainer()), run.SHIPPED)
            self.assertEqual(run.model_of(self.SMALL, options, Trainer()), "trained")
            self.assertEqual(Trainer.trained, [(self.SMALL.training, 3, options.build / self.SMALL.name)])
            options = run.parse(["--build", folder, "--model", __file__])
            self.assertEqual(run.model_of(self.SMALL, options, Trainer()), options.model)
            self.assertEqual(len(Trainer.trained), 1)

    def test_boards_with_one_model_share_a_folder(self):
        options = run.parse([])
        self.assertEqual(run.folder_of(self.LARGE, options).name, f"arm-{self.LARGE.layout}")
        self.assertEqual(run.folder_of(self.SMALL, options).name, self.SMALL.name)
        options = run.parse(["--model", __file__])
        self.assertEqual(run.folder_of(self.SMALL, options).name, f"arm-{self.SMALL.layout}")


class Firmware(unittest.TestCase):
    def test_sections(self):
        sections = firmware.parse_sections("x.elf  :\nsection   size   addr\n.text    6600   0\n.model  64   6656\n"
                                           "Total   6664\n")
        self.assertEqual(sections, {".text": 6600, ".model": 64})

    def test_what_a_board_must_not_have(self):
        symbols = ("         U memcpy\n00000010 T malloc\n00000020 T _Znwj\n00000030 T __aeabi_fadd\n"
                   "00000040 T __aeabi_uidiv\n00000050 T __aeabi_i2d\n00000060 T _ZN7picovae4openEv\n"
                   "00000070 T __muldf3\n00000080 T __floatsisf\n00000090 T __muldi3\n000000a0 T __fixdfsi\n")
        self.assertEqual(firmware.parse_unwelcome(symbols), ["malloc", "_Znwj", "__aeabi_fadd", "__aeabi_i2d", "__muldf3",
                                                             "__floatsisf", "__fixdfsi"])

    def test_frames(self):
        self.assertEqual(firmware.sum_frames("a.cpp:1:1:f\t16\tstatic\na.cpp:2:1:g\t8\tdynamic,bounded\n"), 24)
        with self.assertRaisesRegex(script.Failure, "the frame of a.cpp:1:1:f is dynamic"):
            firmware.sum_frames("a.cpp:1:1:f\t16\tdynamic\n")

    def test_only_linked_objects_count_for_the_stack(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "m4.map").write_text("LOAD demo.cpp.obj\nLOAD model.S.obj\nLOAD /usr/lib/libgcc.a\n")
            (folder / "demo.cpp.su").write_text("demo.cpp:1:1:main\t100\tstatic\n")
            (folder / "kernels.cpp.su").write_text("kernels.cpp:1:1:main\t999\tstatic\n")  # of an earlier build
            bound = firmware.Firmware(folder / "m4.elf").stack_bound()
            self.assertEqual(bound, 100 + ARM.unseen_stack)


class Table(unittest.TestCase):
    BOARD = next(board for board in all_boards() if board.name == "mps2-an386")

    def result(self, output="", problems=()):
        model = {"shape": [784, 300, 300, 50], "parts": "decoder"}
        return run.Result(self.BOARD, model, {"flash_code": 6600, **run.parse_figures(output)}, output, list(problems))

    def test_figures_from_what_a_board_prints(self):
        self.assertEqual(run.parse_figures("decode_instructions 423845\n  .:-=+*#\nsignature 00000012\nother 3\n"),
                         {"decode_instructions": 423845, "signature": "00000012"})

    def test_a_line_has_a_cell_for_each_heading(self):
        heading = run.LINE.format("board", "core", "shape", *run.FIGURES.values(), "ok").split()
        cells = run.table_line(self.result("signature 00000012\n")).split()
        row = dict(zip(heading, cells, strict=True))
        self.assertEqual((row["board"], row["shape"], row["code"], row["decode"], row["signature"], row["ok"]),
                         ("mps2-an386", "784-300-300-50", "6600", "-", "00000012", "true"))

    def test_json(self):
        self.assertEqual(run.json_row(self.result("signature 12345678\n", ["wrong"]), "gcc 12.2.1"),
                         {"board": "mps2-an386", "core": "cortex-m4", "compiler": "gcc 12.2.1",
                          "shape": "784-300-300-50", "parts": "decoder", "flash_code": 6600,
                          "signature": "12345678", "ok": False})

    def test_relu_and_a_decoder_of_4_bits_have_no_budgets_of_others(self):
        result = self.result()
        result.model["activation"] = "softplus"
        self.assertEqual(run.json_row(result, "gcc 12.2.1")["shape"], "784-300-300-50")
        result.model["activation"] = "relu"
        self.assertEqual(run.json_row(result, "gcc 12.2.1")["shape"], "784-300-300-50 relu")
        result.model["decoder_bits"] = 4
        self.assertEqual(run.json_row(result, "gcc 12.2.1")["shape"], "784-300-300-50 relu s4")


class Families(unittest.TestCase):
    def test_a_serial_line(self):
        stm32f4 = family("stm32f4")
        stm32f4.DIGITS = 2
        lines = ["digit 0", " @ ", "crc32c a1", "digit 1", "@@@", "crc32c b2", "digit 2"]
        digits = stm32f4.read_digits(lines)
        self.assertEqual(digits, [([" @ "], 0xa1), (["@@@"], 0xb2)])
        self.assertEqual(stm32f4.beside_each_other(digits), " @  @@@\n")
        with self.assertRaisesRegex(script.Failure, "1 digits, then the serial line ends"):
            stm32f4.read_digits(lines[:4])
        with self.assertRaisesRegex(script.Failure, "the board says: failed: wrong shape"):
            stm32f4.read_digits([*lines[:3], "failed: wrong shape"])

    def test_damage_to_a_signed_model_is_what_no_checksum_finds(self):
        signed = family("signed")
        self.assertEqual(signed.crc32c(b"123456789"), 0xe3069283)
        whole = (script.ROOT / "engine/models/mnist_s8_cortex-m.pvae").read_bytes()
        damaged = signed.damage_weight(whole)
        differs = [at for at, (one, other) in enumerate(zip(whole, damaged)) if one != other]
        self.assertEqual(len(whole), len(damaged))
        self.assertEqual(sum(at >= 64 + 16 * whole[33] for at in differs), 1)  # a weight; the others are checksums

    def test_the_readme_shows_how_signed_models_are_opened(self):
        code = (script.PORTS / "signed/signed_model.c").read_text()
        self.assertIn(f"```c\n{code}```\n", (script.PORTS / "README.md").read_text())

    def test_windows_of_a_sensor(self):
        self.assertEqual(windows.framed(b"a~b}c"), b"~a}^b}]c~")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "windows.idx"
            path.write_bytes(vibration.idx([b"abc", b"def"]))
            self.assertEqual(windows.read_idx(path), [b"abc", b"def"])
            for content in (b"", path.read_bytes()[:-1], path.read_bytes() + b"x"):
                path.write_bytes(content)
                with self.assertRaisesRegex(script.Failure, "windows.idx: is no IDX file"):
                    windows.read_idx(path)

    def test_answers_of_a_watcher(self):
        lines = io.BytesIO(b"normal 7\nfailed: a window of 3 bytes, want 4\nfailed: no model\nnor")
        self.assertEqual(windows.ask(lines, sent := io.BytesIO(), b"ab"), "normal 7")
        self.assertEqual(sent.getvalue(), b"~ab~")
        self.assertEqual(windows.read_line(lines), "failed: a window of 3 bytes, want 4")
        with self.assertRaisesRegex(script.Failure, "the board says: failed: no model"):
            windows.read_line(lines)
        with self.assertRaisesRegex(script.Failure, "the serial line ends.*nor"):
            windows.read_line(lines)

    def test_an_led_in_the_log_of_an_emulator(self):
        writes = (("GPIOC", "0x018", "0x00001000"), ("GPIOA", "0x018", "0x00001000"),
                  ("GPIOC", "0x000", "0x01000000"), ("GPIOC", "0x018", "0x10000000"))
        log = "".join(f"{port}: unimplemented device write (size 4, offset {offset}, value {value})\n"
                      for port, offset, value in writes)
        self.assertEqual(emulator.led_of(log), [True, False])

    def test_each_length_of_vectors_has_its_kernels_tested_and_signs(self):
        linux = family("linux")
        for bits in (128, 256, 512):
            name = f"max,sve{bits}=on"
            self.assertIn("sve", next(words for words in linux.AARCH64.processors if words[0] == name))
            last = linux.AARCH64.processors[-1][0] == name
            self.assertEqual(linux.selection(linux.AARCH64, name), [] if last else ["-R", "^engine_(select|kernels)$"])
        self.assertEqual(linux.selection(linux.AARCH64, "max,sve=off"), ["-R", "^engine_select$"])

    def test_rows_of_other_linux(self):
        linux = family("linux")
        printed = ("neon     batch  1  signature 410a07ca  signature_reconstruct 547e2503  "
                   "signature_scores 12345678  ok\n"
                   "sdot     batch  1  signature 00000000  ok\n")
        self.assertEqual(linux.parse_signatures(printed, "neon"),
                         {"signature": "410a07ca", "signature_reconstruct": "547e2503", "signature_scores": "12345678"})
        self.assertEqual(linux.parse_signatures(printed, "i8mm"), {})
        row = {"target": "armv7", "compiler": "gcc", "processor": "cortex-a15", "isa": "neon", "tests": True,
               "ok": False}
        self.assertEqual(linux.table_line(row).split(),
                         ["armv7", "gcc", "cortex-a15", "neon", "true", "-", "-", "-", "-", "false"])


class Explorer(unittest.TestCase):
    """The one file that ports/web/page.py makes."""

    def setUp(self):
        self.page = family("web").make_page(b"a module", b"a model", 'my "first" <b>.pvae')

    def between(self, start, end):
        self.assertEqual(self.page.count(start), 1, start)
        return self.page.split(start)[1].split(end)[0]

    def test_misuse(self):
        for arguments in (["--model", "/no/model"], ["--data", "/no/data"], ["--out", "/no/folder/x.html"], ["mps2-an386"]):
            with self.subTest(arguments), self.assertRaises(script.Misuse):
                family("web").parse(arguments)

    def test_nothing_is_left_to_load_or_to_fill_in(self):
        self.assertEqual(re.findall(r'(?:src|href)="(?!data:)|@[A-Z]+@|^import |^export ', self.page, re.MULTILINE), [])
        self.assertIn('data-name="my &quot;first&quot; &lt;b&gt;.pvae"', self.page)
        for name, content in ("module", b"a module"), ("model", b"a model"):
            packed = self.between(f'id="{name}" type="application/gzip"', "</script>").split(">")[1]
            self.assertEqual(gzip.decompress(base64.b64decode(packed)), content)

    def test_every_script_is_in_it_after_those_that_it_takes(self):
        modules = [path.stem for path in (script.PORTS / "web/page").glob("*.mjs")]
        at = {name: self.page.index(f"const ${name} = (() => {{") for name in modules}
        for name, other in re.findall(r"const \$(\w+) = |const \{[^}]*\} = \$(\w+);", self.page):
            here = name or here
            self.assertLessEqual(at[other or here], at[here])

    def test_the_policy_allows_its_own_style_and_script_alone(self):
        policy = self.between('http-equiv="Content-Security-Policy" content="', '">')
        for kind, start in ("style-src", "<style>"), ("script-src", '<script type="module">'):
            text = self.between(start, "</" + start[1:].split()[0].strip(">") + ">")
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            self.assertIn(f"{kind} 'sha256-{digest}'", policy)
        self.assertTrue(policy.startswith("default-src 'none';"))
        self.assertNotIn("unsafe-inline", policy)


if __name__ == "__main__":
    unittest.main()
