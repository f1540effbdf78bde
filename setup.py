"""Builds the extension; everything that is plain data stands in pyproject.toml."""

import subprocess
from glob import glob

from setuptools import Extension, setup


def pkg_config(flag, *packages):
    return subprocess.check_output(["pkg-config", flag, *packages], text=True).split()


PACKAGES = ("libcurl", "libcjson")

setup(
    packages=["simstudio", "simstudio.testing"],
    ext_modules=[
        Extension(
            "simstudio._native",
            sources=sorted(glob("csrc/core/*.c") + glob("csrc/python/*.c")),
            depends=glob("csrc/*/*.h") + glob("csrc/*/*.def"),
            include_dirs=["csrc"],
            define_macros=[("SIMSTUDIO_VERSION", '"0.1.1+native.1"')],
            extra_compile_args=[
                "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wshadow", "-Wstrict-prototypes",
                "-fvisibility=hidden", *pkg_config("--cflags", *PACKAGES),
            ],
            extra_link_args=pkg_config("--libs", *PACKAGES),
        )
    ],
)
