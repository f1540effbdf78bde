"""The rules of the house that a machine can check. csrc/README.md explains them.

Each rule is a function over a tree, a dict from path to text, and yields what is wrong. It is
tried on the project, where it must find nothing, and on a made-up tree beside it that breaks it.
"""

import ast
import importlib.util
import re
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SELF = "tests/test_house_rules.py"  # shows every violation, so no rule reads it
FOLDERS = ("csrc", "simstudio", "tests", "examples", "benchmarks", "scripts")
SUFFIXES = (".c", ".h", ".def", ".py", ".pyi", ".md", ".sh")

# A unit of the core includes those before it.
CORE_UNITS = (
    "status reason memory arena text buffer environment url base64 clock process deadline retry sse escapes json head frames "
    "unread resets sockets pool moves session credentials proxy redirect route trust libcurl lane early http"
).split()
# What an exported name of a unit begins with, where that is not the unit's own name.
PREFIXES = {
    "status": ("fail",),
    "memory": ("alloc", "realloc", "free", "memory"),
    "redirect": ("redirects",),
    "proxy": ("proxy", "proxies"),
    "http": ("http", "exchange"),
    "error": ("raise", "error"),
    "call": ("call", "timeout", "sleep"),
    "reader": ("reader", "read_event"),
    "execute": ("execute", "stream_workflow"),
}
LIBRARIES = {
    "curl/": {"csrc/core/lane.h", "csrc/core/libcurl.c"},
    "cjson/": {"csrc/core/json.c"},
    "Python.h": {"csrc/python/compat.h"},
}
MUTABLE_STATICS = {
    # The once-only start of libcurl, and what it says of itself then.
    "csrc/core/libcurl.c": {"once", "start_code", "number", "features"},
    # Of the build with a cJSON of its own, whose hooks get no context.
    "csrc/core/json.c": {"current_arena", "hooks_once"},
    # What all threads of a process share when one of them forks.
    "csrc/core/process.c": {"watch_once", "generation", "holding", "forking"},
    # Of the build in which allocations can be made to fail.
    "csrc/core/memory.c": {"allowed_allocations", "refused_any", "live_blocks"},
}
# Tables that CPython takes without const.
CPYTHON_TABLES = r"\b(PyType_Slot|PyType_Spec|PyM\w+Def|PyGetSetDef|PyModuleDef_Slot)\b"
MOST_LINES = 600
MOST_COLUMNS = 100
WIDE_COLUMNS = 130  # of Python beside the package: tests have tables of cases

RULES = []


def rule(broken_by):
    """Registers a rule together with a tree of which every file breaks it."""

    def register(function):
        RULES.append((function, broken_by))
        return function

    return register


def project():
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*"))]
    paths += sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("*.py"))
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in paths
        if path.suffix in SUFFIXES and path.relative_to(ROOT).as_posix() != SELF
    }


# ---- reading C ----

LEXEMES = re.compile(r'(/\*.*?\*/)|("(?:\\.|[^"\\\n])*")|(\'(?:\\.|[^\'\\\n])*\')', re.DOTALL)


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def code_of(text):
    """C without comments and without what stands in literals; places stay where they are."""

    def replace(match):
        word = match.group()
        return blank(word) if match.group(1) else word[0] + blank(word[1:-1]) + word[-1]

    return LEXEMES.sub(replace, text)


def strings_of(text):
    for match in LEXEMES.finditer(text):
        if match.group(2):
            yield match.start(), match.group(2)


def line_at(text, place):
    return text.count("\n", 0, place) + 1


def includes_of(text):
    """(line, the included name with its quotes or brackets) of each include."""
    for match in re.finditer(r"^[ \t]*#[ \t]*include[ \t]+(\S+)", text, re.MULTILINE):
        yield line_at(text, match.start()), match.group(1)


DEFINITION = re.compile(r"^(?P<head>[A-Za-z_][^\n;={}()#]*?)\b(?P<name>\w+)\([^;{}#]*\)\n\{", re.M)


def functions_of(text):
    """(line, what stands before the name, name, body) of each function definition."""
    code = code_of(text)
    for match in DEFINITION.finditer(code):
        end = code.find("\n}", match.end())
        yield line_at(code, match.start()), match["head"], match["name"], code[match.end() : end]


def macros_of(text):
    """(line, name, body) of each macro, continued lines joined."""
    code = code_of(text)
    for match in re.finditer(r"^[ \t]*#[ \t]*define[ \t]+(\w+)((?:.*\\\n)*.*)", code, re.MULTILINE):
        yield line_at(code, match.start()), match.group(1), match.group(2)


def statements_without_preprocessor(code):
    return re.sub(r"^[ \t]*#(?:.*\\\n)*.*", lambda found: blank(found.group()), code, flags=re.M)


def c_files(tree, folder="csrc", suffixes=(".c", ".h", ".def")):
    for path, text in tree.items():
        if path.startswith(folder + "/") and path.endswith(suffixes):
            yield path, text


def unit_of(path):
    return Path(path).stem


def python_files(tree):
    for path, text in tree.items():
        if path.endswith(".py"):
            yield path, ast.parse(text, path)


# ---- who may know what ----


@rule({"csrc/core/buffer.h": '#include "core/http.h"\n'})
def core_units_include_only_what_stands_before_them(tree):
    for path, text in c_files(tree, "csrc/core"):
        unit = unit_of(path)
        if unit not in CORE_UNITS:
            yield path, 1, "has no place in CORE_UNITS"
            continue
        allowed = CORE_UNITS[: CORE_UNITS.index(unit) + 1]
        for line, name in includes_of(text):
            if name.startswith('"') and name.strip('"') not in {f"core/{u}.h" for u in allowed}:
                yield path, line, f"includes {name}, which does not stand before {unit}"


@rule(
    {
        "csrc/python/client.c": "#include <curl/curl.h>\n",
        "csrc/core/sse.c": "#include <cjson/cJSON.h>\n",
        "csrc/core/url.c": "#include <Python.h>\n",
    }
)
def each_library_is_included_where_it_belongs(tree):
    for path, text in c_files(tree):
        for line, name in includes_of(text):
            for library, users in LIBRARIES.items():
                if name.startswith("<" + library) and path not in users:
                    yield path, line, f"includes {name}"


@rule({"csrc/python/call.c": '#include "core/lane.h"\n'})
def the_users_of_libcurl_alone_know_lanes(tree):
    for path, text in c_files(tree):
        for line, name in includes_of(text):
            if name in ('"core/lane.h"', '"core/early.h"') and unit_of(path) not in ("lane", "early", "http"):
                yield path, line, f"includes {name}"


@rule({"csrc/core/sse.c": "static int on_event(PyObject *callback)\n{\n}\n"})
def the_core_has_not_heard_of_python(tree):
    for path, text in c_files(tree, "csrc/core"):
        code = code_of(text)
        for match in re.finditer(r"\b(Py[A-Z_]\w*|pysim_\w*)", code):
            yield path, line_at(code, match.start()), f"mentions {match.group()}"


@rule({"csrc/core/http.c": 'const char path[] = "/api/workflows/";\n'})
def the_core_has_not_heard_of_the_api(tree):
    for path, text in c_files(tree, "csrc/core"):
        for place, string in strings_of(text):
            if re.search(r"/api/|workflow|x-api-key|x-ratelimit|x-execution", string, re.I):
                yield path, line_at(text, place), f"{string} belongs in a table of the binding"


@rule({"csrc/core/url.c": '#include <string.h>\n\n#include "core/url.h"\n'})
def a_source_includes_its_own_header_first(tree):
    for path, text in c_files(tree, suffixes=(".c",)):
        header = path[: -len(".c")] + ".h"
        first = next(includes_of(text), (1, ""))
        if header in project() and first[1] != '"%s"' % header[len("csrc/") :]:
            yield path, first[0], "does not begin with its own header"


@rule(
    {
        "csrc/python/call.h": '#include <stdbool.h>\n\n#include "python/state.h"\n',
        "csrc/python/word.h": '#include "core/url.h"\n#include "python/state.h"\n',
    }
)
def headers_of_the_binding_begin_with_python(tree):
    """Python.h sets what the system's headers look at, so it comes before them."""
    for path, text in c_files(tree, "csrc/python", (".h",)):
        line, first = next(includes_of(text), (1, ""))
        expected = "<Python.h>" if path == "csrc/python/compat.h" else '"python/'
        if not first.startswith(expected):
            yield path, line, f"includes {first or 'nothing'} first"


@rule({"csrc/core/url.h": '#include "buffer.h"\n'})
def includes_are_path_qualified(tree):
    for path, text in c_files(tree):
        for line, name in includes_of(text):
            if name.startswith('"') and not re.match(r'"(core|python)/\w+\.(h|def)"', name):
                yield path, line, f"includes {name} without its folder"


@rule({"csrc/python/stream.c": "#if PY_VERSION_HEX >= 0x030B0000\n#endif\n"})
def only_compat_asks_for_the_python_version(tree):
    for path, text in c_files(tree):
        if path != "csrc/python/compat.h":
            for match in re.finditer(r"\bPY_(VERSION_HEX|M(AJOR|INOR)_VERSION)\b", code_of(text)):
                yield path, line_at(text, match.start()), f"asks for {match.group()}"


@rule({"csrc/core/sse.c": "void keep(void)\n{\n    free(malloc(3));\n}\n"})
def allocations_go_through_memory(tree):
    """So that each of them can be made to fail. Objects of Python come from Python."""
    for path, text in c_files(tree):
        if path == "csrc/core/memory.c":
            continue
        code = code_of(text)
        for match in re.finditer(r"\b(malloc|calloc|realloc|free|strn?dup)\(", code):
            yield path, line_at(code, match.start()), f"calls {match.group(1)}()"


@rule({"csrc/core/url.c": "void build(char *to)\n{\n    strcat(to, to);\n}\n"})
def nothing_unbounded_unsafe_or_of_the_locale_is_called(tree):
    unsafe = (
        r"\b(str(cpy|cat|ncpy|ncat|tok|n?casecmp)|to(lower|upper)|stpcpy|v?sprintf|gets|ato[ifl]+|\w*scanf|alloca|system|"
        r"popen|s?rand|strtod|localtime|gmtime|setlocale|setenv|putenv|signal|fork|exit|abort)\("
    )
    for path, text in c_files(tree):
        code = code_of(text)
        for match in re.finditer(unsafe, code):
            yield path, line_at(code, match.start()), f"calls {match.group(1)}()"


# ---- names ----


@rule(
    {
        "csrc/core/sse.c": "int feed(void)\n{\n}\n",
        "csrc/core/url.c": "int sim_parse(void)\n{\n}\n",
        "csrc/python/call.c": "static int pysim_hidden(void)\n{\n}\n",
    }
)
def names_say_where_a_function_lives(tree):
    for path, text in c_files(tree, suffixes=(".c",)):
        unit = unit_of(path)
        prefix = "sim_" if path.startswith("csrc/core/") else "pysim_"
        mine = tuple(prefix + word for word in PREFIXES.get(unit, (unit,)))
        for line, head, name, _ in functions_of(text):
            if re.search(r"\bstatic\b", head):
                if name.startswith(("sim_", "pysim_")):
                    yield path, line, f"{name}() is static and named like an export"
            elif not name.startswith(mine) and not name.startswith("PyInit_"):
                yield path, line, f"{name}() is exported and does not begin with {mine}"


@rule({"csrc/core/url.c": "int sim_url_secret(void)\n{\n}\n"})
def what_is_exported_stands_in_a_header(tree):
    headers = " ".join(text for path, text in project().items() if path.endswith(".h"))
    for path, text in c_files(tree, suffixes=(".c",)):
        for line, head, name, _ in functions_of(text):
            if re.search(r"\bstatic\b", head) or name.startswith("PyInit_"):
                continue
            short = name.replace("pysim_", "", 1)
            if not re.search(rf"\b{name}\(|X\({short}\)", headers):
                yield path, line, f"{name}() is in no header"


@rule({"csrc/core/url.h": "/* URLs. */\n#ifndef URL_H\n#define URL_H\n#endif\n"})
def include_guards_name_their_file(tree):
    for path, text in c_files(tree, suffixes=(".h",)):
        stem = unit_of(path).upper()
        guard = f"SIM_CORE_{stem}_H" if path.startswith("csrc/core/") else f"PYSIM_{stem}_H"
        if f"#ifndef {guard}\n#define {guard}\n" not in text:
            yield path, 1, f"has no include guard {guard}"


# ---- errors and ownership ----


@rule({"csrc/core/url.h": "enum sim_status sim_url_guess(struct sim_url *url);\n"})
def statuses_must_be_checked(tree):
    declaration = re.compile(
        r"^(enum sim_status (?!sim_fail\w*\()|(?:void|char|struct \w+) \*(?=sim_(?:\w+_new|\w*alloc\w*"
        r")\())(\w+)\([^;]*;",
        re.MULTILINE,
    )
    for path, text in c_files(tree, "csrc/core", (".h",)):
        code = code_of(text)
        for match in declaration.finditer(code):
            if "SIM_MUST_CHECK" not in match.group():
                yield path, line_at(code, match.start()), f"{match.group(2)}() lacks SIM_MUST_CHECK"


@rule({"csrc/core/url.c": "#define TRY(call) \\\n    if (call) \\\n        return 1\n"})
def no_macro_leaves_a_function(tree):
    for path, text in c_files(tree):
        for line, name, body in macros_of(text):
            if re.search(r"\b(return|goto)\b", body) and not re.search(r"\n\s*static\b.*\{", body):
                yield path, line, f"{name} hides a return or a goto"


@rule(
    {
        "csrc/core/url.c": (
            "int sim_url_a(void)\n{\n    if (1)\n        goto done;\n    return 2;\ndone:\n"
            "    return 1;\n}\n"
        ),
        "csrc/core/sse.c": "int sim_sse_a(void)\n{\n    goto failed;\nfailed:\n    return 1;\n}\n",
    }
)
def a_function_with_done_has_one_way_out(tree):
    for path, text in c_files(tree, suffixes=(".c",)):
        for line, _, name, body in functions_of(text):
            first, label = re.search(r"\bgoto\b", body), re.search(r"^(\w+):", body, re.MULTILINE)
            if not first:
                continue
            if not label or set(re.findall(r"\bgoto (\w+)", body)) != {"done"}:
                yield path, line, f"{name}() leaves otherwise than by goto done"
            elif "return" in re.findall(r"\w+", body[first.start() : label.start()]):
                yield path, line, f"{name}() returns past its own goto done"
            elif len(re.findall(r"\breturn\b", body[label.start() :])) > 1:
                yield path, line, f"{name}() has several ways out after done"


@rule(
    {
        "csrc/core/url.c": "static int last_port;\nint sim_url_count;\n",
        "csrc/core/sse.c": "int sim_sse_a(void)\n{\n    static char scratch[8];\n}\n",
    }
)
def nothing_static_is_mutable(tree):
    variable = re.compile(
        r"^(?:[ \t]*static\b[^;={}()]*|(?!typedef|extern|static)[A-Za-z_][^;={}()\n]*[ *]\w+"
        r"(?:\[[^]]*\])*)(?=;|=|\s=)",
        re.MULTILINE,
    )
    for path, text in c_files(tree, suffixes=(".c",)):
        code = statements_without_preprocessor(code_of(text))
        for match in variable.finditer(code):
            words = match.group().strip()
            name = re.findall(r"\w+", re.sub(r"\[[^]]*\]", "", words))[-1]
            is_const = re.search(r"\bconst\b[^*]*$", words) or re.search(CPYTHON_TABLES, words)
            if not is_const and name not in MUTABLE_STATICS.get(path, ()):
                yield path, line_at(code, match.start()), f"{name} is static and mutable"


@rule(
    {
        "csrc/python/client.c": (
            "static int client_a(PyObject *key)\n{\n"
            '    PyErr_Format(PyExc_ValueError, "bad %R", key);\n}\n'
        )
    }
)
def no_message_shows_the_key(tree):
    speakers = r"\b(PyErr_(Format|SetObject)|sim_fail|pysim_raise\w*|\w+_FromFormat)\("
    for path, text in c_files(tree, suffixes=(".c",)):
        if unit_of(path) not in ("client", "call", "execute", "stream", "http", "lane"):
            continue
        code = code_of(text)
        for match in re.finditer(speakers, code):
            spoken = re.sub(r"Py_TYPE\(\w+\)", "", code[match.end() : code.find(";", match.end())])
            if re.search(r"\b(key|api_key|key_header|latin|headers?|header_text)\b", spoken):
                if not code[: match.start()].rstrip().endswith("*header ="):
                    yield path, line_at(code, match.start()), "puts the key into a message"


@rule(
    {
        "csrc/python/call.c": (
            "static void call_a(void)\n{\n    Py_BEGIN_ALLOW_THREADS\n    PyErr_Clear();\n"
            "    Py_END_ALLOW_THREADS\n}\n"
        )
    }
)
def nothing_of_python_is_touched_without_the_gil(tree):
    block = re.compile(r"Py_BEGIN_ALLOW_THREADS(.*?)Py_END_ALLOW_THREADS", re.DOTALL)
    for path, text in c_files(tree, "csrc/python", (".c",)):
        code = code_of(text)
        for match in block.finditer(code):
            inside = match.group(1)
            if re.search(r"\bPy\w|\bpysim_|\breturn\b|\bgoto\b", inside) or inside.count(";") > 2:
                yield path, line_at(code, match.start()), "does too much without the GIL"


@rule({"csrc/python/record.c": "enum { FLAGS = Py_TPFLAGS_IMMUTABLETYPE };\n"})
def types_stay_mutable(tree):
    for path, text in c_files(tree, "csrc/python"):
        if "IMMUTABLETYPE" in text:
            yield path, 1, "users patch our types"


# ---- tables ----


@rule({"csrc/python/state.h": "struct pysim_state {\n    PyObject *extra;\n};\n"})
def the_state_is_one_table(tree):
    for path, text in c_files(tree, "csrc/python", (".h",)):
        code = statements_without_preprocessor(code_of(text))
        for match in re.finditer(r"struct pysim_state \{([^}]*)\};", code):
            if match.group(1).split() != ["PYSIM_STATE_OBJECTS(PYSIM_STATE_MEMBER)"]:
                yield path, line_at(code, match.start()), "has members beside the table"


@rule({"csrc/python/records.def": 'RECORD(A, "", FIELD(b, "b", NONE, "int"))\nint more;\n'})
def the_records_are_one_table(tree):
    for path, text in c_files(tree, "csrc/python", (".def",)):
        code = statements_without_preprocessor(code_of(text))
        code = re.sub(r"^RECORD\(\w+,.*?\n(?=RECORD|\s*\Z|[^ ])", "", code, flags=re.S | re.M)
        if code.strip():
            yield path, 1, f"holds something else than records: {code.strip()!r}"


# ---- files ----


@rule({"csrc/core/url.c": "\n" * (MOST_LINES + 1)})
def no_file_is_too_long(tree):
    for path, text in tree.items():
        if path.endswith((".c", ".h", ".def", ".py")) and text.count("\n") > MOST_LINES:
            yield path, MOST_LINES, f"has {text.count(chr(10))} lines"


@rule({"csrc/core/url.h": "#ifndef SIM_CORE_URL_H\n", "tests/test_a.py": "import os\n"})
def every_file_says_what_it_is(tree):
    for path, text in tree.items():
        if path.endswith((".h", ".def")) or path == "csrc/python/module.c":
            if not re.match(r"/\* \S", text):
                yield path, 1, "does not begin with a comment"
        elif path.endswith(".py") and not ast.get_docstring(ast.parse(text)):
            yield path, 1, "has no docstring"


@rule(
    {
        "csrc/core/url.c": "/* %s: later */\n" % ("TO" + "DO"),
        "README.md": "a\n" + "/" + "home/me/x\n",
        "simstudio/a.py": "'''%s'''\n" % ("FIX" + "ME"),
    }
)
def nothing_is_left_for_later_or_tied_to_a_machine(tree):
    for path, text in tree.items():
        for match in re.finditer(r"\b(TODO|FIXME|XXX|HACK)\b|/(home|root|Users|work)/\w+", text):
            yield path, line_at(text, match.start()), f"says {match.group()}"


@rule({"csrc/core/url.c": "\tint tab; \n", "tests/a.py": "'''%s'''\n" % ("x" * WIDE_COLUMNS)})
def lines_are_short_and_clean(tree):
    for path, text in tree.items():
        most = WIDE_COLUMNS if path.startswith(("tests/", "benchmarks/")) else MOST_COLUMNS
        if path.endswith((".md", ".sh")):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > most or line != line.rstrip() or "\t" in line:
                yield path, number, "is too long, ends in white space or has a tab"


# ---- Python ----


@rule({"simstudio/__init__.py": "'''Doc.'''\nif True:\n    x = 1\n"})
def the_package_has_no_logic(tree):
    for path, module in python_files(tree):
        if path == "simstudio/__init__.py":
            for statement in module.body[1:]:
                if not isinstance(statement, (ast.ImportFrom, ast.Import, ast.Assign)):
                    yield path, statement.lineno, "is more than imports and names"


def is_standard(module):
    if module in sys.builtin_module_names or module in ("simstudio", "__future__"):
        return True
    spec = importlib.util.find_spec(module)
    origin = spec.origin if spec is not None and spec.origin is not None else ""
    stdlib = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
    return origin in ("built-in", "frozen") or (
        origin.startswith(stdlib) and "-packages" not in origin
    )


@rule({"simstudio/testing/server.py": "'''Doc.'''\nimport pytest\n"})
def the_package_needs_the_standard_library_alone(tree):
    for path, module in python_files(tree):
        if not path.startswith("simstudio/"):
            continue
        for node in ast.walk(module):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            for name in names:
                # The fixture is read by pytest alone.
                if not is_standard(name.split(".")[0]) and not (
                    name == "pytest" and path == "simstudio/testing/fixtures.py"
                ):
                    yield path, node.lineno, f"imports {name}"


@rule(
    {"tests/test_a.py": "'''Doc.'''\nimport pytest\n\n@pytest.mark.skip\ndef test_a():\n    pass\n"}
)
def a_test_is_skipped_for_a_stated_reason(tree):
    for path, module in python_files(tree):
        for node in ast.walk(module):
            bare = getattr(node, "decorator_list", [])
            for decorator in bare:
                if isinstance(decorator, ast.Attribute) and decorator.attr == "skip":
                    yield path, node.lineno, "skips without a reason"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr in ("skip", "skipif") and not (
                    node.keywords or (node.func.attr == "skip" and node.args)
                ):
                    yield path, node.lineno, "skips without a reason"


@rule({"tests/a.py": "import test_b\n", "tests/test_a.py": "from test_b import BODY\n", "tests/b.py": "from . import test_b\n"})
def nothing_is_imported_from_a_test_file(tree):
    for path, module in python_files(tree):
        for node in ast.walk(module):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [getattr(node, "module", None) or ""] + [alias.name for alias in node.names]
                for name in names:
                    if re.search(r"(^|\.)test_", name):
                        yield path, node.lineno, f"imports {name}"


@rule({"tests/conftest.py": "'''Doc.'''\nHOST = '0.0.0.0'\n"})
def servers_listen_on_loopback_alone(tree):
    for path, module in python_files(tree):
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and node.value in ("0.0.0.0", "::"):
                yield path, node.lineno, f"names every address: {node.value}"


@pytest.mark.parametrize("check", [check for check, _ in RULES], ids=lambda c: c.__name__)
def test_the_project_keeps_the_rule(check):
    found = ["%s:%d: %s" % complaint for complaint in check(project())]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("check, tree", RULES, ids=lambda value: getattr(value, "__name__", ""))
def test_the_rule_sees_every_violation(check, tree):
    assert {path for path, _, _ in check(tree)} == set(tree)


def test_the_rules_read_the_whole_project():
    tree = project()
    assert {f"csrc/core/{unit}.c" for unit in CORE_UNITS} <= set(tree)
    assert sum(len(list(functions_of(text))) for _, text in c_files(tree)) > 300


def test_the_table_of_the_core_is_its_order():
    page = (ROOT / "csrc" / "README.md").read_text()
    table = page[page.index("## The core, in its order") : page.index("## The binding")]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == CORE_UNITS
