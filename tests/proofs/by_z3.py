"""Claims over more inputs than can be run, about functions of entries.cpp. Each is one or more queries: that z3 finds
no input for which the claim is false. Each first has z3 find an input that what is assumed allows.

   by_z3.py LLVM64 LLVM32 CLAIM     the assembly of entries.cpp, where size_t has 64 bits and 32; --fault: for `pivots`,
                                    which is of no code there, the fault
"""
import pathlib
import sys
import time

import z3

from llvm_z3 import BINARY, Function

plus, minus, times = (BINARY[op] for op in ("add", "sub", "mul"))  # exact where they can be

S32_LEAST, S32_MOST = -2**31, 2**31 - 1
MOST_WIDTH, MOST_LATENT, MOST_NARROW = 4096, 8191, 2**23 - 1
HOST, CORTEX_M, MVE = 0, 1, 2
F32, S8 = 0, 1


class Failed(Exception):
    pass


def prove(claim, *assumed):
    """That `claim` follows from what is assumed."""
    solver = z3.Solver()
    solver.add(*assumed)
    if solver.check() != z3.sat:
        raise Failed("what is assumed never happens, or z3 cannot tell")
    solver.add(z3.Not(claim))
    prove.queries += 1
    found = solver.check()
    if found != z3.unsat:
        model = solver.model() if found == z3.sat else {}
        raise Failed(", ".join(sorted(f"{x} = {model[x]}" for x in model if x.arity() == 0)) or found)


prove.queries = 0


def number(name, least, most, bits=32):
    """A variable of so many bits within bounds, and what says so. Bits that are always 0 are no variables."""
    if least < 0:
        used = z3.BitVec(name, max(-least - 1, most).bit_length() + 1)
        return z3.SignExt(bits - used.size(), used), z3.And(used >= least, used <= most)
    used = z3.BitVec(name, most.bit_length())
    value = z3.ZeroExt(bits - used.size(), used) if bits > used.size() else used
    return value, z3.And(z3.UGE(used, least), z3.ULE(used, most))


def wide(value, bits=64):
    return z3.SignExt(bits - value.size(), value)


def clamped(value, least, most):
    return z3.If(value < least, z3.BitVecVal(least, value.size()), z3.If(value > most, most, value))


def within(value, least, most):
    return z3.And(value >= least, value <= most)


def requantize(llvm, _):
    sum_, bias = z3.BitVecs("sum bias", 32)
    multiplier, legal_multiplier = number("multiplier", 1, 1023)
    pre, legal_pre = number("pre", 0, 8)
    post, legal_post = number("post", 0, 24)
    legal = legal_multiplier, legal_pre, legal_post
    plain = Function(llvm, "rescale_entry", [sum_, multiplier, bias, pre, post])
    saturated = Function(llvm, "requantize_entry", [sum_, multiplier, bias, pre, post])
    # Whatever a model holds: nothing is undefined.
    prove(z3.Not(z3.Or(plain.trap, saturated.trap)), *legal)
    # What verify accepts: FORMAT.md's formula in whole numbers, which 64 bits hold, of which 32 suffice.
    low = (sum_ >> pre) * multiplier + bias
    prove(z3.And(plain.result == low >> post, saturated.result == clamped(low >> post, -32768, 32767)), *legal)
    prove(z3.simplify(z3.Extract(31, 0, wide(sum_ >> pre) * wide(multiplier) + wide(bias)) == low))
    scaled = z3.BitVec("scaled", 64)
    verified = within(scaled, S32_LEAST, S32_MOST)
    prove(wide(z3.Extract(31, 0, scaled) >> post) == scaled >> wide(post), verified, legal_post)
    # With 2^(post - 1) in the bias that is the quotient rounded to nearest, halves up.
    for q in range(1, 25):
        value = z3.BitVec("value", 64)  # a scaled sum without the rounding
        rest = value - (((value + (1 << (q - 1))) >> q) << q)
        prove(within(rest, -(1 << (q - 1)), (1 << (q - 1)) - 1), within(value, 2 * S32_LEAST, 2 * S32_MOST))


def lesser_and_greater(llvm, _):
    a, b = z3.BitVecs("a b", 32)
    near = within(wide(a) - wide(b), S32_LEAST, S32_MOST)
    lesser, greater = (Function(llvm, f"{name}_entry", [a, b]) for name in ("lesser", "greater"))
    prove(z3.And(z3.Not(lesser.trap), lesser.result == z3.If(a < b, a, b)), near)
    prove(z3.And(z3.Not(greater.trap), greater.result == z3.If(a > b, a, b)), near)


def hidden_units(llvm, _):
    (value, v), (rescale, r), (greatest, g) = (number("value", 0, 32767), number("rescale", 0, 32767),
                                               number("greatest", 127, 255))
    hidden = Function(llvm, "hidden_entry", [value, rescale, greatest])
    rounded = plus(times(wide(value), wide(rescale)), z3.BitVecVal(1 << 14, 64)) >> 15
    prove(z3.Not(hidden.trap), v, r, g)
    prove(wide(hidden.result) == z3.If(rounded > wide(greatest), wide(greatest), rounded), v, r, g)


def posterior(llvm, _):
    (mu, a), (logvar, b), (eps, c) = (number(name, -32768, 32767) for name in ("mu", "logvar", "eps"))
    sigma, legal_sigma = number("sigma", 10, 30376)  # latents.cpp has run every logvar: it is one of these
    z = Function(llvm, "reparameterize_entry", [mu, logvar, eps], {"sigma_from_logvar": sigma})
    prove(z3.Not(z.trap), legal_sigma, a, b, c)
    product = times(wide(sigma), wide(eps))
    prove(wide(z.result) == clamped((wide(mu) + ((product + 512) >> 10) + 2) >> 2, -MOST_LATENT, MOST_LATENT),
          legal_sigma, a, b, c)
    # z is within 0.625 of what it stands for, mu / 4 + sigma eps / 4096.
    product = z3.BitVec("product", 64)
    error = 4096 * ((wide(mu) + ((product + 512) >> 10) + 2) >> 2) - 1024 * wide(mu) - product
    prove(within(error, -2560, 2560), within(product, -30376 * 32768, 30376 * 32768), a)


def sums(llvm, _):
    # In whole numbers: sums of products of some of the weights stay where those of all put them, and so does what
    # requantization makes of them.
    acc, w, x, most, positive, negative, lo, hi, m = z3.Ints("acc w x most positive negative lo hi multiplier")
    more = positive + z3.If(w > 0, w, 0), negative + z3.If(w < 0, w, 0)
    prove(z3.And(acc + w * x <= more[0] * most, acc + w * x >= more[1] * most),
          acc <= positive * most, acc >= negative * most, x >= 0, x <= most)
    prove(z3.And(acc + w * x <= (more[0] - more[1]) * most, acc + w * x >= (more[1] - more[0]) * most),
          acc <= (positive - negative) * most, acc >= (negative - positive) * most, x >= -most, x <= most)
    prove(z3.And(more[0] * most >= positive * most, more[1] * most <= negative * most), most >= 0)
    prove(z3.And(lo * m <= acc * m, acc * m <= hi * m), lo <= acc, acc <= hi, m >= 1)
    a, b, pre = z3.BitVecs("a b pre", 64)
    prove((a >> pre) <= (b >> pre), a <= b, z3.ULE(pre, 8))
    # No weights at all of the widest layer leave s32, be they -128: nothing is undefined before verify.
    assert MOST_WIDTH * 128 * 255 <= S32_MOST and MOST_WIDTH // 2 * 128 * MOST_LATENT <= S32_MOST
    # The code: what it accepts is in those bounds, and it computes them without overflow.
    (p, legal_p), (n, legal_n) = number("p", 0, MOST_WIDTH * 128), number("n", -MOST_WIDTH * 128, 0)
    (greatest, legal_g), (multiplier, legal_m) = number("greatest", 127, 255), number("multiplier", 1, 1023)
    pre, legal_pre = number("pre", 0, 8)
    bias = z3.BitVec("bias", 32)
    legal = legal_p, legal_n, legal_g, legal_m, legal_pre
    for is_wide in 0, 1:
        holds = Function(llvm, "sums_hold_entry",
                         [p, n, z3.BitVecVal(is_wide, 1), greatest, pre, multiplier, bias])
        low, high = times(wide(n), wide(greatest)), times(wide(p), wide(greatest))
        if is_wide:
            high = times(minus(wide(p), wide(n)), z3.BitVecVal(MOST_LATENT, 64))
            low = minus(z3.BitVecVal(0, 64), high)
        most = S32_MOST if is_wide else MOST_NARROW
        scaled = [plus(times(end >> wide(pre), wide(multiplier)), wide(bias)) for end in (low, high)]
        prove(z3.Not(holds.trap), *legal)
        prove(z3.And(within(low, -most, 0), within(high, 0, most),
                     *(within(end, S32_LEAST, S32_MOST) for end in scaled)), holds.result == 1, *legal)


def groups(llvm, _):
    # A product is at most what it is at an end of its input's range, so that pairs are checked at those.
    w_, x_, most = z3.Ints("w x most")
    prove(z3.And(w_ * x_ <= z3.If(w_ > 0, w_ * most, 0), w_ * x_ >= z3.If(w_ > 0, 0, w_ * most)), x_ >= 0, x_ <= most)
    w = [z3.SignExt(24, z3.BitVec(f"w{i}", 8)) for i in range(4)]
    for greatest in range(128, 256):
        for inputs in range(1, 5):
            holds = Function(llvm, "group_holds_entry",
                             [z3.BitVecVal(greatest, 32), z3.BitVecVal(inputs, 32), *w])
            ends = [(0, greatest if i < inputs else 255) for i in range(4)]
            pairs = [(w[i] * a + w[j] * b, (w[i] + 128) * a + (w[j] + 128) * b)
                     for i, j in ((0, 1), (2, 3), (0, 2), (1, 3)) for a in ends[i] for b in ends[j]]
            neighbors, apart = [pair for pair, _ in pairs[:8]], [pair for _, pair in pairs[8:]]
            prove(z3.And(z3.Not(holds.trap), *(within(pair, -32768, 32767) for pair in neighbors),  # VPMADDUBSW
                         *(z3.ULE(pair, 65535) for pair in apart)),                                # plain.hpp
                  holds.result == 1, *(w[i] == 0 for i in range(inputs, 4)))
            prove(z3.Not(holds.trap))
    # NEON's sums of two products of inputs less 128, where no weight is -128.
    (a, la), (b, lb), (c, lc), (d, ld) = (number("a", -127, 127), number("b", -127, 127),
                                          number("c", -128, 127), number("d", -128, 127))
    prove(within(a * c + b * d, -32768, 32767), la, lb, lc, ld)


def shifted_bias(llvm, _):
    sum_, bias = z3.BitVecs("sum bias", 32)
    multiplier = z3.BitVec("multiplier", 32)
    weights, legal = number("weights", -MOST_WIDTH * 128, MOST_WIDTH * 128)
    shifted = Function(llvm, "shifted_bias_entry", [bias, weights, multiplier])
    prove(z3.Not(shifted.trap), legal)
    difference = (sum_ - 128 * weights) * multiplier + shifted.result - (sum_ * multiplier + bias)
    prove(z3.simplify(difference, som=True) == 0)


def places(*llvms):
    for llvm, word in zip(llvms, (64, 32)):
        total, offset, size = z3.BitVecs("total offset size", 32)
        flags, reserved, sections = z3.BitVecs("flags reserved sections", 8)
        end = z3.BitVec("end", word)
        table = Function(llvm, "table_end_entry", [sections])
        prove(z3.And(z3.Not(table.trap), table.result == 64 + 16 * z3.ZeroExt(word - 8, sections)))
        place = Function(llvm, "place_entry", [total, offset, size, flags, reserved, end])
        prove(z3.Not(place.trap))
        legal = z3.And(z3.URem(offset, 64) == 0, z3.ZeroExt(32, offset) + z3.ZeroExt(32, size) <= z3.ZeroExt(32, total),
                       z3.UGE(z3.ZeroExt(64 - 32, offset), z3.ZeroExt(64 - word, end) if word < 64 else end),
                       z3.ULE(flags, 1), reserved == 0)
        # By induction over the table: the section before it ended within the blob, and so does this one. The sum that
        # is the next end does not wrap.
        before = z3.ULE(end, z3.ZeroExt(word - 32, total) if word > 32 else total)
        prove((place.result == 0) == legal, before)
        next_end = offset + size
        prove(z3.And(z3.ULE(next_end, total), z3.UGE(next_end, offset)), before, place.result == 0)


def round_up(value, unit):
    return plus(value, z3.BitVecVal(unit - 1, value.size())) & -unit


def panels():
    """Of panels of `width` outputs whose rows are `row` long: they are apart, and the last ends where the layer does."""
    first, other, width, row, outputs = z3.Ints("first other width row outputs")
    prove(z3.And((first + width) * row <= other * row, (first + width) * row <= outputs * row),
          first + width <= other, first + width <= outputs, row >= 1)


def shape_and_weight(word, in_pad, out_pad):
    """in, out, and twice the output and the input of a weight, padding included; and what says so."""
    in_, out = (z3.ZeroExt(word - 12, z3.BitVec(name, 12)) + 1 for name in ("in - 1", "out - 1"))  # 1..MOST_WIDTH
    legal, weights = [], []
    for i in 0, 1:
        output, c = number(f"output{i}", 0, MOST_WIDTH - 1, word)
        input_, d = number(f"input{i}", 0, MOST_WIDTH - 1, word)
        weights.append((output, input_))
        legal += [c, d, z3.ULT(output, round_up(out, out_pad)), z3.ULT(input_, round_up(in_, in_pad))]
    return in_, out, weights, legal


def weight_places(*llvms):
    """Of weights of 8 bits and of f32: every index is within the section, and no two are the same."""
    panels()
    for llvm, word in zip(llvms, (64, 32)):
        for layout, type_, in_pad, out_pad in (HOST, S8, 4, 16), (CORTEX_M, S8, 4, 8), (MVE, S8, 16, 8), (HOST, F32, 1, 16):
            kind = z3.BitVecVal(layout, 8), z3.BitVecVal(type_, 8)
            in_, out, weights, legal = shape_and_weight(word, in_pad, out_pad)
            row, outputs = round_up(in_, in_pad), round_up(out, out_pad)
            size = Function(llvm, "packed_size_entry", [*kind, in_, out])
            prove(z3.And(z3.Not(size.trap), size.result == row * outputs, z3.ULE(row, MOST_WIDTH),
                         z3.ULE(outputs, MOST_WIDTH)), *legal)
            panel = 32 if layout == HOST else 8
            for width in {panel, out_pad}:  # the last panel of a host may be narrower
                first = [output & -panel for output, _ in weights]
                index = [Function(llvm, "packed_index_entry", [*kind, in_, out, *weight]) for weight in weights]
                of_width = [z3.UGE(outputs - first[i], panel) if width == panel else outputs - first[i] == width
                            for i in (0, 1)]
                inside = z3.BitVec("inside", word)
                start = first[0] * row
                prove(z3.And(z3.Not(index[0].trap), z3.ULT(index[0].result - start, width * row),
                             z3.ULE(first[0] + width, outputs)), of_width[0], *legal)
                equal = z3.And(*(a == b for a, b in zip(*weights)))
                prove(z3.Or(equal, index[0].result - start != index[1].result - first[1] * row), *of_width,
                      first[0] == first[1], *legal)


def pivots(*_):
    """Of the class fit: a pivot that is no positive finite number leaves no finite number on the diagonal, which
    fit_classes refuses."""
    pivot = z3.FP("pivot", z3.Float64())
    root = z3.fpAbs(pivot) if "--fault" in sys.argv else z3.fpSqrt(z3.RNE(), pivot)
    diagonal = z3.fpDiv(z3.RNE(), pivot, root)
    finite = z3.Not(z3.Or(z3.fpIsNaN(diagonal), z3.fpIsInf(diagonal)))
    prove(z3.And(z3.fpIsPositive(pivot), z3.Not(z3.fpIsZero(pivot)), z3.Not(z3.fpIsInf(pivot))), finite)


CLAIMS = {claim.__name__: claim for claim in
          (requantize, lesser_and_greater, hidden_units, posterior, sums, groups, shifted_bias, places, weight_places,
           pivots)}


def main():
    llvm64, llvm32, name = sys.argv[1:4]
    start = time.monotonic()
    try:
        CLAIMS[name](pathlib.Path(llvm64).read_text(), pathlib.Path(llvm32).read_text())
    except Failed as failed:
        print(f"{name}: false for {failed}")
        return 1
    print(f"{name}: {prove.queries} queries, {time.monotonic() - start:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
