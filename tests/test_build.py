"""The build: what it exports, which libraries it takes, and what it says when one will not do."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import simstudio

ROOT = Path(__file__).resolve().parent.parent

# The programs that a build calls: each Python names the compilers that it was made with.
BUILDERS = {"cc", "gcc", "env", "as", "ld"} | {
    sysconfig.get_config_var(name).split()[0] for name in ("CC", "CXX", "LDSHARED")
}

# A header found before the real one that tells another version of it.
OTHER_VERSION = {
    "libcurl": (
        "curl/curl.h",
        "#include_next <curl/curl.h>\n#undef LIBCURL_VERSION_NUM\n"
        "#define LIBCURL_VERSION_NUM {}\n",
    ),
    "cJSON": (
        "cjson/cJSON.h",
        "#include_next <cjson/cJSON.h>\n#undef CJSON_VERSION_PATCH\n"
        "#define CJSON_VERSION_PATCH {}\n",
    ),
}
INSTALLERS = {
    "libcurl": ["libcurl4-openssl-dev (apt)", "libcurl-devel (dnf)", "curl-dev (apk)",
                "curl (brew)"],
    "cJSON": ["libcjson-dev (apt)", "cjson-devel (dnf)", "cjson-dev (apk)", "cjson (brew)"],
}


@pytest.fixture
def build(tmp_path):
    """Builds the extension into a folder of the test's own; returns the finished process."""

    def run(cflags="", **environment):
        clean = {name: value for name, value in os.environ.items()
                 if name not in ("CFLAGS", "LDFLAGS", "CURL_CONFIG", "PKG_CONFIG",
                                 "SIMSTUDIO_STATIC_LIBS")}
        return subprocess.run(
            [sys.executable, "-W", "ignore", "setup.py", "-q", "build_ext", "--build-temp",
             str(tmp_path / "temporary"), "--build-lib", str(tmp_path / "made")],
            cwd=str(ROOT), env=dict(clean, CFLAGS="-O0 " + cflags, **environment),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, timeout=300,
        )

    run.made = tmp_path / "made" / "simstudio"
    return run


def write_program(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


def write_header(folder, library, version):
    name, text = OTHER_VERSION[library]
    header = folder / name
    header.parent.mkdir(parents=True)
    header.write_text(text.format(version))
    return "-I" + str(folder)


def link_programs(folder, *names):
    folder.mkdir()
    for name in names:
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(os.path.realpath(found))
    return folder


def test_compiles_without_a_warning_and_exports_the_init_function_alone(build):
    finished = build("-O2 -Werror -Wconversion")
    assert finished.returncode == 0, finished.stdout
    (made,) = build.made.glob("_native*")
    symbols = subprocess.check_output(["nm", "-D", "--defined-only", str(made)], text=True)
    assert [line.split()[-1] for line in symbols.splitlines()] == ["PyInit__native"]


def hide_from_compiler(folder, header_name):
    header = folder / header_name
    header.parent.mkdir(parents=True)
    header.write_text("#error there is no such header\n")
    return "-I" + str(folder)


@pytest.mark.parametrize("library", ["libcurl", "cJSON"])
def test_a_missing_library_ends_the_build_with_one_sentence_that_says_how_to_get_it(
        build, tmp_path, library):
    package = "libcurl" if library == "libcurl" else "libcjson"
    finished = build(
        hide_from_compiler(tmp_path / "absent", OTHER_VERSION[library][0]),
        PKG_CONFIG=write_program(
            tmp_path / "packages", 'case "$*" in *%s*) exit 1;; esac; exec pkg-config "$@"' % package
        ),
        # Programs of the build alone, and among them no curl-config.
        PATH=str(link_programs(tmp_path / "bin", *BUILDERS, "pkg-config")),
    )
    assert finished.returncode != 0
    (sentence,) = finished.stdout.splitlines()
    assert sentence.startswith("simstudio-sdk needs " + library)
    assert "is not there" in sentence
    for installer in INSTALLERS[library]:
        assert installer in sentence


@pytest.mark.parametrize(
    "library, patch, installed",
    [("libcurl", "0x0743FF", "7.67.255"), ("cJSON", "14", "1.7.14")],
)
def test_a_library_just_below_the_minimum_is_refused(build, tmp_path, library, patch, installed):
    answers = write_program(
        tmp_path / "pkg-config",
        'case "$*" in *--modversion*%s) echo %s;; *) exec pkg-config "$@";; esac'
        % ("libcurl" if library == "libcurl" else "libcjson", installed),
    )
    finished = build(write_header(tmp_path / "old", library, patch), PKG_CONFIG=answers)
    assert finished.returncode != 0
    (sentence,) = finished.stdout.splitlines()
    assert sentence.startswith("simstudio-sdk needs " + library)
    assert "is %s here" % installed in sentence


def test_libraries_at_the_minimum_are_taken_and_compile_without_a_warning(build, tmp_path):
    curl = write_header(tmp_path / "curl", "libcurl", "0x074400")
    cjson = write_header(tmp_path / "cjson", "cJSON", "15")
    finished = build("-Werror -DCURL_DISABLE_DEPRECATION %s %s" % (curl, cjson))
    assert finished.returncode == 0, finished.stdout


def test_curl_config_is_asked_where_pkg_config_knows_no_libcurl(build, tmp_path):
    asked = tmp_path / "asked"
    curl_config = write_program(
        tmp_path / "curl-config", 'echo "$@" >>%s; exec curl-config "$@"' % asked
    )
    knows_none = write_program(tmp_path / "pkg-config", "exit 1")
    finished = build(PKG_CONFIG=knows_none, CURL_CONFIG=curl_config)
    assert finished.returncode == 0, finished.stdout
    assert asked.read_text().split() == ["--version", "--cflags", "--libs"]


def test_flags_alone_will_do_where_no_program_knows_the_libraries(build, tmp_path):
    knows_none = write_program(tmp_path / "false", "exit 1")
    finished = build(
        "-I/usr/include", LDFLAGS="-L/usr/lib", PKG_CONFIG=knows_none,
        PATH=str(link_programs(tmp_path / "bin", *BUILDERS)),
    )
    assert finished.returncode == 0, finished.stdout


def test_a_curl_config_that_does_not_run_is_named(build):
    finished = build(CURL_CONFIG="/nowhere/curl-config")
    assert finished.returncode != 0
    assert "CURL_CONFIG names /nowhere/curl-config" in finished.stdout


def test_a_place_without_the_static_libraries_is_named_and_no_other_is_taken(build, tmp_path):
    others = subprocess.check_output(["pkg-config", "--variable=pcfiledir", "libcurl"], universal_newlines=True)
    finished = build(SIMSTUDIO_STATIC_LIBS=str(tmp_path), PKG_CONFIG_PATH=others.strip())
    assert finished.returncode != 0 and not build.made.exists()
    (sentence,) = finished.stdout.splitlines()
    assert "SIMSTUDIO_STATIC_LIBS names %s, which has no libcurl" % tmp_path in sentence
    assert "scripts/build-libraries.sh" in sentence


def test_the_version_stands_in_pyproject_alone():
    project = (ROOT / "pyproject.toml").read_text()
    assert project.count('"%s"' % simstudio.__version__) == 1
    for path in [ROOT / "setup.py", *ROOT.glob("csrc/**/*.[ch]"), *ROOT.glob("simstudio/**/*.py")]:
        assert simstudio.__version__ not in path.read_text(), path
