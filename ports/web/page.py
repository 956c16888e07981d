"""Makes one HTML file of ports/web/page, a module and a model: nothing is left to load."""
import base64
import gzip
import hashlib
import html
import pathlib
import re

PAGE = pathlib.Path(__file__).resolve().parent / "page"
IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.mjs";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)


def text_of(module):
    return (PAGE / f"{module}.mjs").read_text()


def in_order(module, known=()):
    """The names of a module and of those that it imports, each after its own imports."""
    for _, other in IMPORT.findall(text_of(module)):
        if other not in known:
            known = in_order(other, known)
    return known if module in known else (*known, module)


def one_script():
    """All modules as one script: each a function, called at once, that returns what it exports."""
    script = ""
    for module in in_order("main"):
        text = text_of(module)
        exported = ", ".join(EXPORT.findall(text))
        body = IMPORT.sub(r"const \1 = $\2;", EXPORT.sub("", text))
        script += f"\nconst ${module} = (() => {{\n{body}return {{{exported}}};\n}})();\n"
    return script


def digest(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def packed(content):
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()


def make_page(module, model, name):
    """The page as a text. module, model: their bytes; name: of the model, for people."""
    style, script = "\n" + (PAGE / "style.css").read_text(), one_script()
    policy = (f"default-src 'none'; script-src {digest(script)} 'wasm-unsafe-eval'; style-src {digest(style)}; "
              "img-src data:; base-uri 'none'; form-action 'none'")
    parts = {"POLICY": policy, "STYLE": style, "SCRIPT": script, "MODULE": packed(module), "MODEL": packed(model),
             "NAME": html.escape(name)}
    return re.sub(r"@([A-Z]+)@", lambda match: parts[match[1]], (PAGE / "index.html").read_text())
