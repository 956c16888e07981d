"""Many sources as one: each file in place of the first line that includes it."""
import re

INCLUDE = re.compile(r'^#include "([^"]+)"\n', re.M)
DEFINE = re.compile(r"^#define (\w+)", re.M)


def amalgamate(texts, names, seen=()):
    """texts: the name that an #include has -> the text. Returns the files of `names`, with what they include, in one
    text, and the names of all files that are in it or were in `seen`."""
    seen = set(seen)

    def expand(name):
        if name in seen:
            return ""
        seen.add(name)
        text = texts[name].replace("#pragma once\n", "") if name.endswith(("h", "hpp")) else texts[name]
        text = INCLUDE.sub(lambda match: expand(match[1]) if match[1] in texts else match[0], text)
        # A macro of one source is no macro of the next.
        ends = "".join(f"#undef {macro}\n" for macro in dict.fromkeys(DEFINE.findall(texts[name]))) \
            if name.endswith(".cpp") else ""
        return f"// ---- {name}\n{text}{ends}"

    body = "".join(map(expand, names))
    return "#pragma once\n" * any(name.endswith(".h") for name in names) + body, seen
