"""Builds the extension; everything that is plain data is in pyproject.toml.

libcurl and cJSON are found with pkg-config (PKG_CONFIG names another one), with curl-config
(CURL_CONFIG names it), or by the compiler alone, with what CFLAGS and LDFLAGS say. However
they were found, a trial compile decides.

SIMSTUDIO_STATIC_LIBS=PREFIX takes both from the static archives under PREFIX instead, which
scripts/build-libraries.sh makes: a copy of the extension's own, which nobody else can see. The
licence is that of all of them together then; scripts/build_wheels.py adds the licences' texts.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from collections import namedtuple
from glob import glob

import setuptools
from setuptools.command.build_ext import build_ext

PRIVATE_PREFIX = os.environ.get("SIMSTUDIO_STATIC_LIBS")
PRIVATE = ("SIM_PRIVATE_CJSON", "SIM_PRIVATE_LIBCURL")  # said where the archives are linked in
ARCHIVES = glob(os.path.join(PRIVATE_PREFIX, "lib", "*.a")) if PRIVATE_PREFIX else []

# Whoever names another level in CFLAGS, such as a build for gcov, means it.
OPTIMISE = [] if "-O" in os.environ.get("CFLAGS", "") else ["-O2"]

Library = namedtuple("Library", "name package config minimum trial link installers")
Flags = namedtuple("Flags", "version compile link")  # version: None if unknown

LIBRARIES = [
    Library(
        name="libcurl",
        package="libcurl",
        config="curl-config",
        minimum="7.68.0",
        trial="""
            #include <curl/curl.h>
            #if LIBCURL_VERSION_NUM < 0x074400
            #error too old
            #endif
            int main(void) { return curl_version() == 0; }
        """,
        link=["-lcurl"],
        installers="libcurl4-openssl-dev (apt), libcurl-devel (dnf), curl-dev (apk), curl (brew)",
    ),
    Library(
        name="cJSON",
        package="libcjson",
        config=None,
        minimum="1.7.15",
        trial="""
            #include <cjson/cJSON.h>
            #define VERSION(major, minor, patch) ((major) * 10000 + (minor) * 100 + (patch))
            #if VERSION(CJSON_VERSION_MAJOR, CJSON_VERSION_MINOR, CJSON_VERSION_PATCH) < 10715
            #error too old
            #endif
            int main(void) { return cJSON_Version() == 0; }
        """,
        link=["-lcjson"],
        installers="libcjson-dev (apt), cjson-devel (dnf), cjson-dev (apk), cjson (brew)",
    ),
]


def ask(command, *arguments):
    """The words that a program prints, or None if it fails or does not exist."""
    try:
        answer = subprocess.check_output([*command, *arguments], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return None
    return shlex.split(answer.decode())


def ask_pkg_config(library):
    command = shlex.split(os.environ.get("PKG_CONFIG") or "pkg-config")
    if PRIVATE_PREFIX:
        folder = os.path.join(os.path.abspath(PRIVATE_PREFIX), "lib", "pkgconfig")
        alone = ["env", "-u", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR=" + folder]
        command = [*alone, *command, "--static"]
    version = ask(command, "--modversion", library.package)
    if not version:
        return None
    return Flags(
        version[0],
        ask(command, "--cflags", library.package) or [],
        ask(command, "--libs", library.package) or [],
    )


def ask_config_program(library, named=None):
    command = shlex.split(named or library.config or "")
    version = ask(command, "--version") if command else None  # "libcurl 7.88.1"
    if not version:
        if named:
            sys.exit("CURL_CONFIG names %s, which cannot be run as curl-config" % named)
        return None
    return Flags(version[-1], ask(command, "--cflags") or [], ask(command, "--libs") or [])


def find_flags(library):
    if PRIVATE_PREFIX:
        return ask_pkg_config(library) or sys.exit(
            "SIMSTUDIO_STATIC_LIBS names %s, which has no %s: scripts/build-libraries.sh makes it."
            % (PRIVATE_PREFIX, library.name)
        )
    named = os.environ.get("CURL_CONFIG") if library.config else None
    if named:
        return ask_config_program(library, named)
    return ask_pkg_config(library) or ask_config_program(library) or Flags(None, [], library.link)


def number(version):
    return [int(part) for part in version.split("-")[0].split(".")]


class BuildNative(build_ext):
    """Compiles with the package's own version and with the libraries found, or says what to do."""

    def build_extensions(self):
        (extension,) = self.extensions
        version = self.distribution.get_version()
        extension.define_macros.append(("SIMSTUDIO_VERSION", '"%s"' % version))
        for library in LIBRARIES:
            flags = find_flags(library)
            if not self.can_use(library, flags):
                self.stop(library, flags.version)
            extension.extra_compile_args += flags.compile
            extension.extra_link_args += flags.link
        super().build_extensions()

    def can_use(self, library, flags):
        """Whether a program compiles and links; the compiler's own words would only distract."""
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "trial.c")
            with open(source, "w") as file:
                file.write(library.trial)
            sys.stderr.flush()
            shown, hidden = os.dup(2), os.open(os.devnull, os.O_WRONLY)
            os.dup2(hidden, 2)
            try:
                objects = self.compiler.compile([source], folder, extra_postargs=flags.compile)
                program = os.path.join(folder, "trial")
                self.compiler.link_executable(objects, program, extra_postargs=flags.link)
            except Exception:  # each setuptools has classes of its own for a failed compiler
                return False
            finally:
                os.dup2(shown, 2)
                os.close(shown)
                os.close(hidden)
        return True

    @staticmethod
    def stop(library, version):
        if version is None:
            finding = "is not there"
        elif number(version) < number(library.minimum):
            finding = "is %s here" % version
        else:
            finding = "%s does not compile and link here" % version
        sys.exit(
            "simstudio-sdk needs %s %s or newer with its headers, which %s: install %s."
            % (library.name, library.minimum, finding, library.installers)
        )


def licence():
    """The licence under the keyword that this setuptools wants it under."""
    is_new = int(setuptools.__version__.split(".")[0]) >= 77
    licences = {"Apache-2.0"}
    if ARCHIVES:
        with open(os.path.join(PRIVATE_PREFIX, "carried.tsv")) as carried:
            licences |= {line.split("\t")[2] for line in carried}
    return {"license_expression" if is_new else "license": " AND ".join(sorted(licences))}


if int(setuptools.__version__.split(".")[0]) < 64:
    sys.exit("simstudio-sdk is built by setuptools 64 or newer: pip install -U setuptools")

setuptools.setup(
    cmdclass={"build_ext": BuildNative},
    ext_modules=[
        setuptools.Extension(
            "simstudio._native",
            sources=sorted(glob("csrc/core/*.c") + glob("csrc/python/*.c")),
            depends=glob("csrc/*/*.h") + glob("csrc/*/*.def") + ARCHIVES,
            include_dirs=["csrc"],
            define_macros=[(name, None) for name in PRIVATE if PRIVATE_PREFIX],
            extra_compile_args=[
                "-std=c11", "-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64", "-Wall", "-Wextra",
                "-Wshadow", "-Wstrict-prototypes", "-fvisibility=hidden", *OPTIMISE,
            ],
            # The archives' symbols stay inside: another libcurl in the process is not touched.
            # What nothing calls is left out.
            extra_link_args=["-Wl,--exclude-libs,ALL", "-Wl,--gc-sections"] if ARCHIVES else [],
        )
    ],
    **licence()
)
