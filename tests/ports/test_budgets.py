"""What ports/budgets.py lets pass and what it stops."""
import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "ports"))
import budgets  # noqa: E402

GCC = "gcc 12.2.1"
SHAPE, SMALL = "784-300-300-50", "784-100-120-20"


class Budgets(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "budgets.json"
        self.file.write_text(json.dumps({
            "shape": SHAPE,
            "limits": {"full": {"m4": {"decode_instructions": 1050},
                                "m3": {"score_of_encode_and_decode": 1.02}}, "decoder": {}},
            "measured": {"full": {"m4": {"compiler": GCC, "decode_instructions": 1000, "stack": 500},
                                  "m0": {"compiler": GCC, "shape": SMALL, "stack": 100}}, "decoder": {}}}))

    def compare(self, rows, compiler=GCC, update=False):
        self.said = io.StringIO()
        with contextlib.redirect_stdout(self.said), contextlib.redirect_stderr(self.said):
            rows = [{"parts": "encoder and decoder", "compiler": compiler, **row} for row in rows]
            return budgets.within_budgets(rows, update, self.file)

    def within(self, decode=1000, stack=500, compiler=GCC, shape=SHAPE, update=False):
        return self.compare([{"board": "m4", "shape": shape, "decode_instructions": decode, "stack": stack},
                             {"board": "unknown", "shape": shape, "decode_instructions": 9}], compiler, update)

    def test_what_was_measured_and_two_percent_more_pass(self):
        self.assertTrue(self.within())
        self.assertTrue(self.within(decode=1020, stack=510))
        self.assertTrue(self.within(decode=500))

    def test_growth_beyond_two_percent_fails_with_the_same_compiler_only(self):
        self.assertFalse(self.within(decode=1021))
        self.assertIn("m4: decode_instructions grew from 1000 to 1021", self.said.getvalue())
        self.assertFalse(self.within(stack=511))
        self.assertTrue(self.within(decode=1049, stack=900, compiler="gcc 13"))

    def test_each_board_has_a_compiler_of_its_own(self):
        row = {"board": "rv", "shape": SHAPE, "stack": 100, "compiler": "gcc 12.2.0"}
        self.assertTrue(self.compare([row], update=True))
        self.assertTrue(self.within())
        self.assertFalse(self.compare([{**row, "stack": 103}]))
        self.assertTrue(self.compare([{**row, "stack": 103, "compiler": GCC}]))

    def test_a_limit_holds_for_every_compiler(self):
        self.assertFalse(self.within(decode=1051, compiler="clang 14.0.6"))
        self.assertIn("the budget 1050", self.said.getvalue())

    def test_a_score_may_add_a_share_of_the_encode_and_the_decode_in_it(self):
        row = {"board": "m3", "shape": SHAPE, "encode_instructions": 400, "decode_instructions": 600}
        self.assertTrue(self.compare([row]))
        self.assertTrue(self.compare([{**row, "score_instructions": 1020}], "clang 14.0.6"))
        self.assertFalse(self.compare([{**row, "score_instructions": 1021}], "clang 14.0.6"))
        self.assertIn("m3: a score takes 1021 instructions, the budget 1.02 of 1000", self.said.getvalue())

    def test_update_takes_figures_unless_they_exceed_a_limit(self):
        self.assertFalse(self.within(1051, 500, "gcc 13", update=True))
        self.assertTrue(self.within(1040, 700, "gcc 13", update=True))
        updated = json.loads(self.file.read_text())
        self.assertEqual(updated["measured"]["full"]["m4"],
                         {"compiler": "gcc 13", "decode_instructions": 1040, "stack": 700})
        self.assertTrue(self.within(1040, 700, "gcc 13"))

    def test_another_shape_has_no_budgets(self):
        self.assertTrue(self.within(decode=10**9, shape="784-128-64-16"))
        self.assertEqual(self.said.getvalue().strip(),
                         "no budgets for m4 of 784-128-64-16, unknown of 784-128-64-16")

    def test_a_board_has_budgets_for_the_shape_of_its_own_model(self):
        self.assertTrue(self.compare([{"board": "m0", "shape": SMALL, "stack": 102}]))
        self.assertTrue(self.compare([{"board": "m0", "shape": SHAPE, "stack": 103}]))
        self.assertFalse(self.compare([{"board": "m4", "shape": SHAPE, "stack": 500},
                                       {"board": "m0", "shape": SMALL, "stack": 103}]))
        self.assertIn("m0: stack grew from 100 to 103", self.said.getvalue())

    def test_update_takes_the_shape_too(self):
        self.assertTrue(self.compare([{"board": "m0", "shape": "784-8-8-2", "stack": 9},
                                      {"board": "m4", "shape": SHAPE, "stack": 9}], update=True))
        measured = json.loads(self.file.read_text())["measured"]["full"]
        self.assertEqual(measured, {"m0": {"compiler": GCC, "shape": "784-8-8-2", "stack": 9},
                                    "m4": {"compiler": GCC, "stack": 9}})

    def test_a_decoder_has_budgets_of_its_own(self):
        self.assertTrue(self.compare([{"board": "m4", "shape": SHAPE, "parts": "decoder", "stack": 900}]))


if __name__ == "__main__":
    unittest.main()
