"""Functions of LLVM's assembly as formulas of z3: what clang made of the engine's source is what is proven.

A function is of integers, and its blocks have no cycle. clang compiles it with -fsanitize=undefined
-fsanitize-trap=undefined, so that whatever is undefined in C++ is a block of its own that traps. A formula says when one
is reached; it also has what is undefined in LLVM itself: shifts too far, divisions by zero, broken nsw, nuw and exact.
"""
import re
import subprocess

import z3

COMPARE = {"eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "slt": lambda a, b: a < b, "sle": lambda a, b: a <= b,
           "sgt": lambda a, b: a > b, "sge": lambda a, b: a >= b, "ult": z3.ULT, "ule": z3.ULE, "ugt": z3.UGT,
           "uge": z3.UGE}


def narrow(value):
    """The number in the fewest bits that are seen to hold it with its sign: z3 multiplies few bits sooner."""
    kind = value.decl().kind()
    if kind == z3.Z3_OP_SIGN_EXT:
        return narrow(value.arg(0))
    if kind == z3.Z3_OP_ZERO_EXT:
        return z3.ZeroExt(1, value.arg(0))
    if kind == z3.Z3_OP_BNUM:
        return z3.BitVecVal(value.as_signed_long(), value.as_signed_long().bit_length() + 1)
    if kind == z3.Z3_OP_ITE:
        return z3.If(value.arg(0), *same_width(narrow(value.arg(1)), narrow(value.arg(2))))
    if kind == z3.Z3_OP_BASHR and value.size() <= 64:
        moved = narrow(value.arg(0))
        if 7 <= moved.size() < value.size():  # bits for any count of shifts that is not undefined
            return moved >> z3.Extract(moved.size() - 1, 0, value.arg(1))
    return value


def same_width(*values):
    bits = max(value.size() for value in values)
    return [z3.SignExt(bits - value.size(), value) for value in values]


def exactly(op, a, b, bits):
    """a op b in the bits that it needs, as a number of `bits`; None if those are too few."""
    few = narrow(a), narrow(b)
    need = few[0].size() + few[1].size() if op == "mul" else max(few[0].size(), few[1].size()) + 1
    if need > bits:
        return None
    result = PLAIN[op](*(z3.SignExt(need - value.size(), value) for value in few))
    if op != "sub" and all(value.decl().kind() == z3.Z3_OP_ZERO_EXT for value in few):  # no sign: say so
        return z3.ZeroExt(bits - need + 1, z3.Extract(need - 2, 0, result))
    return z3.SignExt(bits - need, result)


def choose(condition, a, b):
    known = z3.simplify(condition)
    return a if z3.is_true(known) else b if z3.is_false(known) else z3.If(condition, a, b)


def shift_right(a, b):
    """An arithmetic shift; by a constant the bits that are left, so that narrow() sees them."""
    count = z3.simplify(b)
    if not z3.is_bv_value(count) or not 0 < count.as_long() < a.size():
        return a >> b
    return z3.SignExt(count.as_long(), z3.simplify(z3.Extract(a.size() - 1, count.as_long(), a)))


def arithmetic(op):
    def apply(a, b):
        exact = exactly(op, a, b, a.size())
        return PLAIN[op](a, b) if exact is None else exact
    return apply


PLAIN = {"add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b}
BINARY = {**{op: arithmetic(op) for op in PLAIN}, "and": lambda a, b: a & b,
          "or": lambda a, b: a | b, "xor": lambda a, b: a ^ b, "shl": lambda a, b: a << b, "lshr": z3.LShR,
          "ashr": shift_right, "udiv": z3.UDiv, "urem": z3.URem, "sdiv": lambda a, b: a / b, "srem": z3.SRem}
EXTEND = {"add": 1, "sub": 1, "mul": None, "shl": None}  # bits that hold an exact result; None: twice as many
CHOOSE = {"smax": lambda a, b: a > b, "smin": lambda a, b: a < b, "umax": z3.UGT, "umin": z3.ULT}


def compile_llvm(source, flags, compiler="clang++"):
    sanitize = "signed-integer-overflow,shift,bounds,integer-divide-by-zero,return,unreachable"
    command = [compiler, "-std=c++20", "-O2", "-fno-vectorize", "-fno-slp-vectorize", f"-fsanitize={sanitize}",
               f"-fsanitize-trap={sanitize}", "-S", "-emit-llvm", "-o", "-", *flags, str(source)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def wide_check(op, flag, a, b):
    """Whether op's result is not what the numbers' own would be."""
    if flag == "nsw" and op in PLAIN and exactly(op, a, b, a.size()) is not None:
        return z3.BoolVal(False)
    more = EXTEND[op] or a.size()
    extend = z3.SignExt if flag == "nsw" else z3.ZeroExt
    wide_b = z3.ZeroExt(more, b) if op == "shl" else extend(more, b)
    return BINARY[op](extend(more, a), wide_b) != extend(more, BINARY[op](a, b))


class Function:
    """result: its formula over `arguments`; trap: the formula of what makes it undefined.

    called: what calls of functions return, by a part of their names."""

    def __init__(self, llvm, name, arguments, called=()):
        self.values, self.called = {}, dict(called)
        found = re.search(rf"^define [^\n]*@{name}\((.*?)\)[^\n]*{{\n(.*?)^}}", llvm, re.M | re.S)
        if not found:
            raise LookupError(f"no function {name}")
        parameters = re.findall(r"i(\d+) (?:\w+ )*(%[\w.]+)", found[1])
        assert len(parameters) == len(arguments), (name, parameters)
        for (bits, register), value in zip(parameters, arguments):
            assert value.size() == int(bits), (name, register, bits)
            self.values[register] = value
        self.traps, self.returns = [], []
        self.run(self.blocks_of(found[2], len(parameters)))
        self.trap = z3.Or(self.traps)
        self.result = self.returns[-1][1]
        for reached, value in self.returns[:-1]:
            self.result = z3.If(reached, value, self.result)

    @staticmethod
    def blocks_of(body, parameters):
        """Instructions by the name of their block, in the order of the text."""
        blocks, label = {}, f"%{parameters}"
        for line in body.splitlines():
            line = line.split(";")[0].rstrip()
            new = re.match(r'([\w.]+):', line)
            if new:
                label = "%" + new[1]
            elif line:
                blocks.setdefault(label, []).append(re.sub(r", ![\w.]+.*$", "", line).strip())
        # A switch has a line a case.
        return {name: re.sub(r"\n(?=i\d+ -?\d+, label|\])", " ", "\n".join(lines)).split("\n")
                for name, lines in blocks.items()}

    def run(self, blocks):
        ends = {name: re.findall(r"label (%[\w.]+)", lines[-1]) for name, lines in blocks.items()}
        self.edges = {}  # (from, to): when it is taken
        left = list(blocks)
        while left:
            name = next((b for b in left if not any(b in ends[other] for other in left)), None)
            if name is None:
                raise NotImplementedError("a cycle of blocks: the loop was not unrolled")
            left.remove(name)
            into = [taken for (_, to), taken in self.edges.items() if to == name]
            self.block, self.reached = name, z3.simplify(z3.Or(into)) if into else z3.BoolVal(True)
            for line in blocks[name]:
                self.step(line)

    def value(self, bits, text):
        if text in self.values:
            return self.values[text]
        number = {"true": 1, "false": 0}.get(text)
        return z3.BitVecVal(int(text) if number is None else number, int(bits))

    def undefined(self, when):
        self.traps.append(z3.And(self.reached, when))

    def branch(self, to, taken=True):
        before = self.edges.get((self.block, to), False)
        self.edges[self.block, to] = z3.Or(before, z3.And(self.reached, taken))

    def step(self, line):
        def match(pattern):
            self.found = re.fullmatch(pattern, line)
            return self.found and (self.found.groups() or True)

        if got := match(r"ret i(\d+) (\S+)"):
            self.returns.append((self.reached, self.value(*got)))
        elif match(r"(?:tail )?call void @llvm\.ubsantrap\(.*|unreachable"):
            self.undefined(True)
        elif got := match(r"br label (\S+)"):
            self.branch(got[0])
        elif got := match(r"br i1 (\S+), label (\S+), label (\S+)"):
            condition = self.value(1, got[0]) == 1
            self.branch(got[1], condition)
            self.branch(got[2], z3.Not(condition))
        elif got := match(r"switch i(\d+) (\S+), label (\S+) \[ *(.*?) *\]"):
            value, others = self.value(got[0], got[1]), []
            for number, to in re.findall(r"i\d+ (-?\d+), label (%[\w.]+)", got[3]):
                self.branch(to, value == int(number))
                others.append(value != int(number))
            self.branch(got[2], z3.And(others))
        else:
            if not match(r"(%[\w.]+) = (.*)"):
                raise NotImplementedError(line)
            register, operation = self.found.groups()
            self.values[register] = self.operation(operation)

    def operation(self, text):
        def match(pattern):
            found = re.fullmatch(pattern, text)
            return found and found.groups()

        if got := match(r"(\w+)((?: nsw| nuw| exact)*) i(\d+) (\S+), (\S+)"):
            op, flags, bits = got[0], got[1].split(), int(got[2])
            a, b = self.value(bits, got[3]), self.value(bits, got[4])
            if op in ("shl", "lshr", "ashr"):
                self.undefined(z3.UGE(b, bits))
            if op in ("sdiv", "udiv", "srem", "urem"):
                self.undefined(z3.Or(b == 0, z3.And(op[0] == "s", b == -1, a == 1 << (bits - 1))))
            for flag in flags:
                exact = {"lshr": lambda: (z3.LShR(a, b) << b) != a, "ashr": lambda: ((a >> b) << b) != a,
                         "sdiv": lambda: z3.SRem(a, b) != 0, "udiv": lambda: z3.URem(a, b) != 0}
                self.undefined(exact[op]() if flag == "exact" else wide_check(op, flag, a, b))
            return BINARY[op](a, b)
        if got := match(r"icmp (\w+) i(\d+) (\S+), (\S+)"):
            condition = COMPARE[got[0]](self.value(got[1], got[2]), self.value(got[1], got[3]))
            return z3.If(condition, z3.BitVecVal(1, 1), z3.BitVecVal(0, 1))
        if got := match(r"select i1 (\S+), i(\d+) (\S+), i\d+ (\S+)"):
            return choose(self.value(1, got[0]) == 1, self.value(got[1], got[2]), self.value(got[1], got[3]))
        if got := match(r"([sz]ext|trunc) i(\d+) (\S+) to i(\d+)"):
            value, bits = self.value(got[1], got[2]), int(got[3])
            if got[0] == "trunc":
                return z3.Extract(bits - 1, 0, value)
            return (z3.SignExt if got[0] == "sext" else z3.ZeroExt)(bits - value.size(), value)
        if got := match(r"phi i(\d+) (.*)"):
            pairs = re.findall(r"\[ (\S+), (\S+) \]", got[1])
            result = self.value(got[0], pairs[-1][0])
            for value, block in pairs[:-1]:
                result = choose(self.edges[block, self.block], self.value(got[0], value), result)
            return result
        if got := match(r"(?:tail )?call { i\d+, i1 } @llvm\.([su])(add|sub|mul)\.with\.overflow\.i\d+\(i(\d+) (\S+), i\d+ (\S+)\).*"):
            a, b = self.value(got[2], got[3]), self.value(got[2], got[4])
            return BINARY[got[1]](a, b), wide_check(got[1], "nsw" if got[0] == "s" else "nuw", a, b)
        if got := match(r"extractvalue { i\d+, i1 } (\S+), ([01])"):
            result, overflow = self.values[got[0]]
            return result if got[1] == "0" else z3.If(overflow, z3.BitVecVal(1, 1), z3.BitVecVal(0, 1))
        if got := match(r"(?:tail )?call i\d+ @llvm\.([su](?:max|min))\.i\d+\(i(\d+) (\S+), i\d+ (\S+)\).*"):
            a, b = self.value(got[1], got[2]), self.value(got[1], got[3])
            return z3.If(CHOOSE[got[0]](a, b), a, b)
        if got := match(r"(?:tail )?call i\d+ @llvm\.abs\.i\d+\(i(\d+) (\S+), i1 (\S+)\).*"):
            a = self.value(got[0], got[1])
            self.undefined(z3.And(got[2] == "true", a == 1 << (a.size() - 1)))
            return z3.If(a < 0, -a, a)
        if got := match(r"freeze i(\d+) (\S+)"):
            return self.value(*got)
        if got := match(r"(?:tail )?call [^(]*@(\w+)\(.*"):
            return next(value for part, value in self.called.items() if part in got[0])
        raise NotImplementedError(text)
