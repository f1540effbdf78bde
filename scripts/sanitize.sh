#!/bin/bash
# Runs the Python tests against an extension built with a sanitizer:
#
#     scripts/sanitize.sh PYTHON address|thread [PYTEST ARGUMENT...]
#
# Works in a copy of the project, build/<sanitizer>-<version>/, with an environment of its own. Its
# python is a script that loads the sanitizer's runtime, so that whatever a test starts with
# sys.executable has it too, while the compilers and servers that tests start have not.
set -eu
cd "$(dirname "$0")/.."
python=$1
sanitizer=$2
shift 2
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
copy=$PWD/build/$sanitizer-$version
environment=$copy/.venv

# Every finding ends the process.
case $sanitizer in
address)
    flags="-fsanitize=address,undefined -fno-sanitize-recover=all"
    runtime=libasan.so
    ;;
thread)
    flags="-fsanitize=thread"
    runtime=libtsan.so
    ;;
*)
    echo "No such sanitizer: $sanitizer" >&2
    exit 2
    ;;
esac
runtime=$(gcc -print-file-name=$runtime)
[ -e "$runtime" ] || { echo "gcc has no runtime for the $sanitizer sanitizer." >&2; exit 1; }

# Without what has been deleted since the last time; its builds and its environment stay.
rm -rf "$copy"/{benchmarks,csrc,examples,scripts,simstudio,tests}
scripts/copy-project.sh "$copy"
if [ ! -e "$environment/.ready" ] || [ tests/requirements.txt -nt "$environment/.ready" ]; then
    rm -rf "$environment"
    "$python" -m venv "$environment"
    interpreter=$("$environment/bin/python" -c 'import sys; print(sys._base_executable)')
    "$environment/bin/python" -m pip install -q --disable-pip-version-check \
        -r tests/requirements.txt
    # A test's own options follow ours, and so go before them.
    rm "$environment"/bin/python*
    cat >"$environment/bin/python" <<END
#!/bin/bash
export LD_PRELOAD=$runtime\${LD_PRELOAD:+:\$LD_PRELOAD} PYTHONMALLOC=malloc
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1:\${ASAN_OPTIONS-}
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=suppressions=$copy/scripts/tsan-exceptions.txt:halt_on_error=1:die_after_fork=0
exec -a "\$0" $interpreter "\$@"
END
    chmod +x "$environment/bin/python"
    for name in python3 "$(basename "$interpreter")"; do
        [ "$name" = python ] || ln -sf python "$environment/bin/$name"
    done
    # The runtime has read them; what Python starts is to be free of them.
    echo "import os; [os.environ.pop(name, None) for name in ('LD_PRELOAD', 'ASAN_OPTIONS'," \
        "'UBSAN_OPTIONS', 'TSAN_OPTIONS', 'PYTHONMALLOC')]" \
        >"$("$environment/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'
        )/sanitizer.pth"
    touch "$environment/.ready"
fi

cd "$copy"
echo "building with $flags"
# In CC, since setup.py's trial programs are linked too.
CC="gcc $flags -fno-omit-frame-pointer" CFLAGS="-O1 -g" ASAN_OPTIONS=detect_leaks=0 \
    "$environment/bin/python" -m pip install -q --disable-pip-version-check \
    --no-build-isolation -e .
"$environment/bin/python" tests/sanitizer_check.py "$sanitizer"
"$environment/bin/python" -m pytest -q -p no:cacheprovider "${@:-tests}"
