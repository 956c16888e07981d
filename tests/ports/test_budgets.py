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

SHAPE = "784,300,300,50"


class Budgets(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "budgets.json"
        self.file.write_text(json.dumps({
            "compiler": "gcc 12.2.1", "shape": SHAPE,
            "limits": {"full": {"m4": {"decode_instructions": 1050}}, "decoder": {}},
            "measured": {"full": {"m4": {"decode_instructions": 1000, "stack": 500}}, "decoder": {}}}))

    def within(self, decode=1000, stack=500, compiler="gcc 12.2.1", shape=SHAPE, update=False):
        rows = [{"board": "m4", "decode_instructions": decode, "stack": stack},
                {"board": "unknown", "decode_instructions": 9}]
        self.said = io.StringIO()
        with contextlib.redirect_stdout(self.said), contextlib.redirect_stderr(self.said):
            return budgets.within_budgets(rows, shape, "full", compiler, update, self.file)

    def test_what_was_measured_and_two_percent_more_pass(self):
        self.assertTrue(self.within())
        self.assertTrue(self.within(decode=1020, stack=510))
        self.assertTrue(self.within(decode=500))

    def test_growth_beyond_two_percent_fails_with_the_same_compiler_only(self):
        self.assertFalse(self.within(decode=1021))
        self.assertIn("m4: decode_instructions grew from 1000 to 1021", self.said.getvalue())
        self.assertFalse(self.within(stack=511))
        self.assertTrue(self.within(decode=1049, stack=900, compiler="gcc 13"))

    def test_a_limit_holds_for_every_compiler(self):
        self.assertFalse(self.within(decode=1051, compiler="clang 14.0.6"))
        self.assertIn("the budget 1050", self.said.getvalue())

    def test_update_takes_figures_unless_they_exceed_a_limit(self):
        self.assertFalse(self.within(1051, 500, "gcc 13", update=True))
        self.assertTrue(self.within(1040, 700, "gcc 13", update=True))
        updated = json.loads(self.file.read_text())
        self.assertEqual(updated["compiler"], "gcc 13")
        self.assertEqual(updated["measured"]["full"]["m4"], {"decode_instructions": 1040, "stack": 700})
        self.assertTrue(self.within(1040, 700, "gcc 13"))

    def test_another_shape_has_no_budgets(self):
        self.assertTrue(self.within(decode=10**9, shape="784,128,64,16"))


if __name__ == "__main__":
    unittest.main()
