"""What a wheel has in it: files, symbols, libraries needed, licences, the list of what it carries."""

import base64
import email
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile

import pytest
from installing import DIST, ROOT, WHEELS, every_wheel, run, tag_of

import simstudio

LIBRARIES = ROOT / "build" / "libraries"
CARRIED = {"curl", "nghttp2", "cjson", "libssl-dev", "zlib1g-dev"}
LICENCE_FILES = {"LICENSE", "LICENSE.curl", "LICENSE.nghttp2", "LICENSE.cjson", "LICENSE.openssl",
                 "LICENSE.zlib"}


@pytest.fixture
def contents(wheel):
    with zipfile.ZipFile(str(wheel)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


@pytest.fixture
def info(contents):
    """The files of .dist-info, by what stands behind that."""
    return {name.split(".dist-info/")[1]: data for name, data in contents.items()
            if ".dist-info/" in name}


@pytest.fixture
def extension(contents, tmp_path):
    ((name, data),) = [item for item in contents.items() if item[0].endswith(".so")]
    path = tmp_path / name.split("/")[-1]
    path.write_bytes(data)
    return path


@pytest.mark.skipif(bool(os.environ.get("PYTHONS", "").strip()), reason="PYTHONS asked for some")
def test_there_is_a_wheel_for_each_interpreter(interpreters):
    assert sorted(map(tag_of, WHEELS)) == sorted(interpreters)


@every_wheel
def test_it_is_tagged_for_its_interpreter_and_for_any_linux_of_some_years(wheel, info):
    tag = tag_of(wheel)
    assert re.search(r"-%s-%s-manylinux_2_\d+_\w+\.whl$" % (tag, tag), wheel.name)
    words = email.message_from_bytes(info["WHEEL"])
    assert wheel.name.endswith("-%s.whl" % words["Tag"])
    assert words["Root-Is-Purelib"] == "false"


@every_wheel
def test_it_exports_the_init_function_alone(extension):
    symbols = run(["nm", "-D", "--defined-only", extension]).splitlines()
    assert [line.split()[-1] for line in symbols] == ["PyInit__native"]


@every_wheel
def test_it_takes_nothing_of_what_it_carries_from_elsewhere(extension):
    """Not even where there is one in the process by chance."""
    wanted = run(["nm", "-D", "--undefined-only", extension])
    assert re.findall(r"\b(?:curl|cJSON|SSL|nghttp2)_\w+", wanted) == []


@every_wheel
def test_it_needs_the_c_library_alone_and_looks_nowhere_else_for_it(extension):
    dynamic = run(["readelf", "-d", extension])
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    assert set(needed) <= {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2",
                           "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
    assert "PATH" not in dynamic  # RPATH, RUNPATH


@every_wheel
def test_it_names_no_place_of_the_machine_that_built_it(contents):
    for name, data in contents.items():
        for place in (str(ROOT), str(LIBRARIES), sys.base_prefix, "/.pyenv/"):
            assert place.encode() not in data, (name, place)


@every_wheel
def test_the_package_in_it_is_complete(contents):
    here = ROOT / "simstudio"
    expected = {path.relative_to(ROOT).as_posix() for suffix in ("py", "pyi", "typed")
                for path in here.glob("**/*" + suffix) if "__pycache__" not in path.parts}
    packaged = {name for name in contents if name.startswith("simstudio/")}
    assert {name for name in packaged if not name.endswith(".so")} == expected
    for name in expected:
        assert contents[name] == (ROOT / name).read_bytes(), name


@every_wheel
def test_every_file_is_in_the_record_with_its_digest(contents, info):
    rows = [line.rsplit(",", 2) for line in info["RECORD"].decode().splitlines()]
    assert {row[0] for row in rows} == set(contents)
    for name, digest, size in rows:
        if digest:
            sha256 = base64.urlsafe_b64encode(hashlib.sha256(contents[name]).digest()).rstrip(b"=")
            assert (digest, int(size)) == ("sha256=" + sha256.decode(), len(contents[name])), name


@every_wheel
def test_it_has_the_licence_of_all_that_it_carries(info):
    metadata = email.message_from_bytes(info["METADATA"])
    assert set(metadata.get_all("License-File")) == LICENCE_FILES
    expression = metadata["License-Expression"] or metadata["License"]
    assert expression == "Apache-2.0 AND MIT AND Zlib AND curl"
    texts = {name.split("/")[-1]: data.decode() for name, data in info.items()
             if name.split("/")[-1].startswith("LICENSE")}
    assert set(texts) == LICENCE_FILES
    for name, word in [("curl", "Daniel Stenberg"), ("cjson", "Dave Gamble"),
                       ("nghttp2", "Tatsuhiro"), ("openssl", "OpenSSL"), ("zlib", "Jean-loup")]:
        assert word in texts["LICENSE." + name]


@every_wheel
def test_it_lists_what_it_carries_with_version_and_digest(info):
    bill = json.loads(info["sboms/libraries.cdx.json"])
    assert bill["bomFormat"] == "CycloneDX"
    assert {component["name"] for component in bill["components"]} == CARRIED
    listed = {}
    for component in bill["components"]:
        assert component["version"] and component["purl"].startswith("pkg:deb/debian/")
        for reference in component["externalReferences"]:
            (digest,) = reference["hashes"]
            assert digest["alg"] == "SHA-256"
            listed[component["name"], reference["url"]] = digest["content"]
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in listed.values())
    taken = {(path.parent.name, path.name): hashlib.sha256(path.read_bytes()).hexdigest()
             for path in (LIBRARIES / "work" / "taken").glob("*/*")}
    assert listed == taken


@every_wheel
def test_it_carries_the_libraries_that_it_lists(info, extension):
    versions = {component["name"]: component["version"]
                for component in json.loads(info["sboms/libraries.cdx.json"])["components"]}
    words = extension.read_bytes()
    openssl = re.match(r"[\d.]+", versions["libssl-dev"]).group()
    assert ("OpenSSL %s " % openssl).encode() in words
    for name in ("curl", "nghttp2"):
        assert re.match(r"[\d.]+", versions[name]).group().encode() in words, name


def test_the_metadata_and_the_long_description_pass_the_index_checks():
    files = sorted(DIST.glob("*.whl")) + sorted(DIST.glob("*.tar.gz"))
    printed = run([sys.executable, "-m", "twine", "check", "--strict", *files])
    assert printed.count("PASSED") == len(files) == len(WHEELS) + 1


def test_the_same_input_gives_the_same_bytes(interpreters, sdist, tmp_path):
    wheel = WHEELS[-1]
    day = zipfile.ZipFile(str(wheel)).infolist()[0].date_time
    finished = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "build_wheels.py"), str(sdist), str(LIBRARIES),
         str(tmp_path), str(interpreters[tag_of(wheel)])],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, timeout=600)
    assert finished.returncode == 0, finished.stdout
    (again,) = tmp_path.glob("*.whl")
    assert zipfile.ZipFile(str(again)).infolist()[0].date_time == day
    assert again.read_bytes() == wheel.read_bytes()


def test_the_version_is_the_same_everywhere(sdist):
    for path in [*WHEELS, sdist]:
        assert path.name.startswith("simstudio_sdk-%s" % simstudio.__version__)


def test_libraries_below_the_minimum_are_refused(tmp_path):
    script = (ROOT / "scripts" / "build-libraries.sh").read_text()
    row = re.search(r"^(cjson +source +\S+ +)(\S+)$", script, re.MULTILINE)
    raised = tmp_path / "build-libraries.sh"
    raised.write_text(script.replace(row.group(), row.group(1) + "99:1"))
    prefix = tmp_path / "prefix"
    finished = subprocess.run(["sh", str(raised), str(prefix)], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True, timeout=600)
    assert finished.returncode != 0
    assert re.search("cjson is .* below 99:1 has known holes", finished.stdout), finished.stdout
    assert not (prefix / "lib").exists()
