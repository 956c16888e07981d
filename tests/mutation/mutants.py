"""Faults that a programmer could have made in a C++ file: small edits, found in its syntax tree."""
import dataclasses

import clang.cindex
from clang.cindex import CursorKind, TokenKind

# What stands for what: of comparisons the bound by one and the other sense, of arithmetic its opposite.
OPERATORS = {
    "<": ["<=", ">"], "<=": ["<", ">"], ">": [">=", "<"], ">=": [">", "<"], "==": ["!="], "!=": ["=="],
    "+": ["-"], "-": ["+"], "*": ["+"], "/": ["*"], "%": ["/"], "<<": [">>"], ">>": ["<<"],
    "&": ["|"], "|": ["&"], "^": ["&"], "&&": ["||"], "||": ["&&"],
    "+=": ["-="], "-=": ["+="], "*=": ["+="], "<<=": [">>="], ">>=": ["<<="], "&=": ["|="], "|=": ["&="], "^=": ["|="],
}
UNARY = {"++": ["--"], "--": ["++"], "!": [""], "-": [""], "~": [""]}
STATEMENTS = (CursorKind.CALL_EXPR, CursorKind.BINARY_OPERATOR, CursorKind.COMPOUND_ASSIGNMENT_OPERATOR,
              CursorKind.UNARY_OPERATOR)
LOOPS = (CursorKind.FOR_STMT, CursorKind.CXX_FOR_RANGE_STMT, CursorKind.WHILE_STMT)
# Nothing in these is run: types, what the compiler checks, comments.
NOT_RUN = (CursorKind.STATIC_ASSERT, CursorKind.TYPE_REF, CursorKind.TEMPLATE_REF)


@dataclasses.dataclass(frozen=True)
class Mutant:
    start: int       # bytes of the file
    end: int
    text: str        # what takes their place
    line: int
    kind: str

    def apply(self, source):
        return source[:self.start] + self.text.encode() + source[self.end:]


def parse(path, arguments):
    index = clang.cindex.Index.create()
    unit = index.parse(str(path), args=arguments)
    errors = [str(found) for found in unit.diagnostics if found.severity >= clang.cindex.Diagnostic.Error]
    if errors:
        raise ValueError(f"{path}: {errors[0]}")
    return unit


def operator_of(cursor):
    """The token between the two operands, or before or behind the one."""
    children = list(cursor.get_children())
    for token in cursor.get_tokens():
        if token.kind != TokenKind.PUNCTUATION:
            continue
        start = token.extent.start.offset
        if len(children) == 2 and children[0].extent.end.offset <= start < children[1].extent.start.offset:
            return token
        if len(children) == 1 and not children[0].extent.start.offset <= start < children[0].extent.end.offset:
            return token
    return None


def literal_mutants(cursor):
    token = next(cursor.get_tokens(), None)
    if token is None or token.kind != TokenKind.LITERAL:
        return
    text = token.spelling
    digits = text.rstrip("uUlLzZfF")
    try:
        value = int(digits.replace("'", ""), 0)
    except ValueError:
        return
    suffix = text[len(digits):]
    for other in (value + 1, value - 1):
        if other >= 0:
            yield token, f"{other}{suffix}", "constant"


def is_statement(cursor, parent):
    """Whether an expression stands for itself: in a block, or as what an if or a loop does."""
    if parent.kind == CursorKind.COMPOUND_STMT:
        return True
    children = list(parent.get_children())
    if parent.kind == CursorKind.IF_STMT:
        return cursor in children[1:]
    return parent.kind in LOOPS and cursor == children[-1]


def edits(cursor, parents):
    """(start, end, text, kind) of a cursor's mutants."""
    kind = cursor.kind
    if kind in (CursorKind.BINARY_OPERATOR, CursorKind.COMPOUND_ASSIGNMENT_OPERATOR):
        if token := operator_of(cursor):
            for text in OPERATORS.get(token.spelling, ()):
                yield token.extent.start.offset, token.extent.end.offset, text, "operator"
    elif kind == CursorKind.UNARY_OPERATOR:
        if token := operator_of(cursor):
            for text in UNARY.get(token.spelling, ()):
                yield token.extent.start.offset, token.extent.end.offset, text, "sign"
    elif kind == CursorKind.INTEGER_LITERAL:
        for token, text, name in literal_mutants(cursor):
            yield token.extent.start.offset, token.extent.end.offset, text, name
    elif kind == CursorKind.CXX_BOOL_LITERAL_EXPR:
        token = next(cursor.get_tokens(), None)
        if token is not None and token.spelling in ("true", "false"):
            yield (token.extent.start.offset, token.extent.end.offset,
                   "false" if token.spelling == "true" else "true", "constant")
    elif kind == CursorKind.CALL_EXPR:
        arguments = [argument for argument in cursor.get_arguments() if argument is not None]
        for first, second in zip(arguments, arguments[1:]):
            same = first.type.get_canonical().spelling == second.type.get_canonical().spelling
            if same and first.extent.end.offset <= second.extent.start.offset:
                yield first.extent.start.offset, second.extent.end.offset, (first, second), "swap"
    elif kind == CursorKind.CONDITIONAL_OPERATOR:
        condition = next(cursor.get_children())
        yield condition.extent.start.offset, condition.extent.end.offset, "!", "condition"
    if kind in STATEMENTS and parents and is_statement(cursor, parents[-1]):
        yield cursor.extent.start.offset, cursor.extent.end.offset, "", "statement"


def find_mutants(path, arguments, unit=None):
    """All mutants of a file, in its order. arguments: the compiler's; unit: what includes the file, if it cannot stand
    for itself."""
    source = path.read_bytes()
    unit = parse(unit or path, arguments)
    found = {}

    def text_of(cursor):
        return source[cursor.extent.start.offset:cursor.extent.end.offset].decode()

    def visit(cursor, parents):
        if cursor.kind in NOT_RUN:
            return
        place = cursor.location.file
        if parents and place is not None and str(place) != str(path) and parents[-1].kind == CursorKind.TRANSLATION_UNIT:
            return
        if place is not None and str(place) == str(path):
            for start, end, text, kind in edits(cursor, parents):
                if kind == "swap":
                    first, second = text
                    between = source[first.extent.end.offset:second.extent.start.offset].decode()
                    text = text_of(second) + between + text_of(first)
                elif kind == "condition":
                    text = f"!({source[start:end].decode()})"
                if source[start:end].decode() != text:
                    line = source.count(b"\n", 0, start) + 1
                    found[start, end, text] = Mutant(start, end, text, line, kind)
        for child in cursor.get_children():
            visit(child, (*parents, cursor))

    visit(unit.cursor, ())
    return [found[key] for key in sorted(found)]
