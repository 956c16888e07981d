"""How ports/cycles.py finds a kernel's loop and counts its cycles."""
import pathlib
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "ports"))
from harness import loops  # noqa: E402

# As arm-none-eabi-objdump prints it: a loop with two multiplies in one with none of its own, and one without any.
LISTING = """
00001000 <multiply_narrow>:
    1000:\tpush\t{r4, lr}
    1002:\tmovs\tr3, #0
    1004:\tldr\tr4, [sp, #8]
    1006:\tldmia\tr0!, {r5-r7}
    1008:\tmuls\tr5, r2
    100a:\tmla\tr6, r5, r2, r6
    100e:\tbics\tr5, r3
    1010:\tcmp\tr0, r4
    1012:\tbne.n\t1006 <multiply_narrow+0x6>
    1014:\tsubs\tr3, #1
    1016:\tbne.w\t1004 <multiply_narrow+0x4>
    101a:\tadds\tr1, #1\t@ 0x1
    101c:\tbcc.n\t101a <multiply_narrow+0x1a>
    101e:\tpop\t{r4, pc}
"""
LOOP = ["ldmia r0!, {r5-r7}", "muls r5, r2", "mla r6, r5, r2, r6", "bics r5, r3", "cmp r0, r4",
        "bne.n 1006 <multiply_narrow+0x6>"]


class Loops(unittest.TestCase):
    def test_those_without_another_in_them(self):
        found = loops.find_loops(loops.parse_code(LISTING))
        self.assertEqual(found, [LOOP, ["adds r1, #1", "bcc.n 101a <multiply_narrow+0x1a>"]])
        self.assertEqual([loops.multiplies(loop) for loop in found], [2, 0])

    def test_a_jump_forward_is_none(self):
        self.assertEqual(loops.find_loops(loops.parse_code("  10:\tbne.n\t14 <f+4>\n  12:\tnop\n  14:\tnop\n")), [])

    def test_cycles_of_the_manuals(self):
        # LDM of three, multiplies, BIC (which is no jump), CMP, a jump that is taken.
        self.assertEqual(loops.cycles_by_manual("cortex-m0", LOOP), 4 + 1 + 1 + 1 + 1 + 3)
        self.assertEqual(loops.cycles_by_manual("cortex-m0plus", LOOP), 4 + 1 + 1 + 1 + 1 + 2)
        self.assertEqual(loops.cycles_by_manual("cortex-m3", LOOP), 4 + 1 + 2 + 1 + 1 + 3)
        self.assertEqual(loops.cycles_by_manual("cortex-m3", ["ldrd r2, r3, [r0], #8", "ldr.w r1, [r8], #4"]), 5)

    @unittest.skipUnless(shutil.which("llvm-mca-19"), "no llvm-mca-19")
    def test_cycles_of_a_model(self):
        # Loads that advance their address, whose width LLVM 19 cannot take; each sum waits for the one before.
        loop = ["ldr.w r2, [r0], #4", "smlad r4, r2, r3, r4", "smlad r4, r2, r3, r4", "bne.w 1006 <f+0x6>"]
        self.assertGreaterEqual(loops.cycles_by_model("cortex-m4", loop), 5)
        self.assertLess(loops.cycles_by_model("cortex-m7", loop), loops.cycles_by_model("cortex-m4", loop))

    def test_loops_and_cycles_of_risc_v(self):
        listing = ("80001958 <f>:\n80001958:\tlw\ts9,0(a0)\n8000195a:\tmulhu\ts9,s9,a5\n8000195e:\tadd\ta3,a3,s9\n"
                   "80001962:\taddi\ta0,a0,4\n80001966:\tbne\ta0,a1,80001958 <f>\n8000196a:\tret\n")
        (loop,) = loops.find_loops(loops.parse_code(listing))
        self.assertEqual((len(loop), loops.multiplies(loop)), (5, 1))
        if shutil.which("llvm-mca-19"):
            self.assertGreater(loops.cycles_by_model("rv32imc", loop), 5)  # it waits for the load and the product

    def test_lists_of_registers(self):
        for text, count in (("{r4, lr}", 1), ("{r4-r7}", 4), ("{r0, r2-r3, r8}", 4)):
            self.assertEqual(loops.registers(f"ldm r0!, {text}"), count + text.count("lr"))


if __name__ == "__main__":
    unittest.main()
