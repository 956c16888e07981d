"""What is broken, what is built for it, and which tests are asked."""
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build/mutation"
TREE = FOLDER / "tree"  # the copy that faults are made in
BOARDS = "ports_plain_kernels"
# What is built for a file: the ISAs, and the unit of the build in which its syntax tree is found (default: itself).
DEFAULT = ("avx2",)
SSE2, AVX512 = ("sse2fma", "sse2"), ("avx512bf16", "avx512vnni", "avx512")
OF_ONE_ISA = {
    "dense_f32.cpp": (DEFAULT, "dense_f32_avx2.cpp"), "dense_s8.cpp": (DEFAULT, "dense_s8_avx2.cpp"),
    "product.cpp": (DEFAULT, "product_avx2.cpp"), "avx2.hpp": (DEFAULT, "dense_s8_avx2.cpp"),
    "x86_dot.hpp": (DEFAULT, "dense_s8_avx2.cpp"), "sse2.hpp": (SSE2, "dense_s8_sse2.cpp"),
    "avx512.hpp": (AVX512, "dense_s8_avx512vnni.cpp"), "dense_bf16.cpp": (AVX512, "dense_bf16_avx512bf16.cpp"),
    "pair_tile.hpp": (AVX512, None),
}
# What a fault must get past besides the tests of its file: those of whole models.
WHOLE_TESTS = ["vae", "signature", "self_test", "attack_mended", "c_api", "live", BOARDS]
KERNEL_TESTS = ["kernels", "activation", "product", "half", "layer_call", "self_test"]
# Files without one fault that this machine could run.
ELSEWHERE = ("isa/neon", "isa/sdot", "isa/i8mm", "isa/simd128", "dense_s8_rvv", "dense_s8_sve", "board/dsp", "board/m0",
             "board/mve")
# Tests of a file besides those with its name: test_blob.cpp and test_blob_values.cpp are those of blob.cpp.
MORE_TESTS = {
    "verify": ["blob_values", "blob_sections", "self_test", "attack_mended"],
    "blob": ["attack", "attack_mended", "live_section"],
    "blob_checks": ["blob", "blob_values", "blob_sections", "thresholds", "classes"],
    "c_api": ["steps"],
    "forward": ["vae", "steps", "score", "pieces"],
    "layers": ["vae", "forward", "score", "steps"],
    "ranges": ["blob_values", "latent"],
    "requantize": ["kernels"],
    "scalar": ["kernels", "product", "activation", "half"],
    **dict.fromkeys(["dense_s8", "dense_f32", "dense_bf16", "dense_s4", "epilogue_s8", "epilogue_f32", "pair_tile",
                     "panel_tile", "nonzero_terms", "float_weights", "activation_f32", "polynomials_f32", "transpose_f32",
                     "simd", "isa", "sse2", "avx2", "avx512", "x86_dot"], KERNEL_TESTS),
    "product_tile": ["product"],
    "shape": ["steps", "blob", "layout", "vae"],
    "arena": ["no_allocation", "vae"],
    **dict.fromkeys(["small", "rv32", "plain", "dense", "plain_s4"], [BOARDS, "live"]),
}


def isas_of(name):
    return OF_ONE_ISA.get(pathlib.Path(name).name, (DEFAULT,))[0]


def unit_of(name):
    """The generated unit with the syntax tree of a file, if it cannot stand for itself."""
    return OF_ONE_ISA.get(pathlib.Path(name).name, (None, None))[1]


def all_files():
    names = (str(path.relative_to(TREE)) for path in sorted((TREE / "engine").rglob("*.?pp")))
    return [name for name in names if not any(part in name for part in ELSEWHERE)]


def all_tests(isas):
    """The engine's unit tests, and those of the boards' kernels that a host has."""
    if isas != DEFAULT:
        return KERNEL_TESTS
    engine = sorted(path.stem.removeprefix("test_") for path in (TREE / "tests/engine").glob("test_*.cpp"))
    return [*engine, BOARDS]


def own_tests(stem, tests):
    """Those that are likely to find a fault of a file, most likely first."""
    named = [test for test in tests if test == stem or test.startswith(f"{stem}_")]
    return [*named, *(test for test in MORE_TESTS.get(stem, []) if test not in named)] or WHOLE_TESTS


def is_tested_alone(path, own):
    """Whether a header has a test of its name. That includes the broken header first, which takes seconds, and the engine
    only if the test passes."""
    return path.suffix == ".hpp" and own[:1] == [path.stem]
