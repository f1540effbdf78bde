# What a release is made of, and what proves it. Included by the Makefile.
.PHONY: sdist wheel test-packages

LIBRARIES := build/libraries
PYTHONS ?= # of the wheels; all that pyenv and the PATH have, unless named

sdist: $(VENV)/.release ## make the source distribution, in dist/
	rm -f dist/*.tar.gz *.egg-info/SOURCES.txt # of which setuptools would take what has gone since
	$(IN_VENV) -m build --sdist --quiet --outdir dist .

wheel: sdist ## make a manylinux wheel for each CPython (PYTHONS="..."), in dist/
	scripts/build-libraries.sh $(LIBRARIES)
	rm -f dist/*.whl
	$(IN_VENV) scripts/build_wheels.py dist/*.tar.gz $(LIBRARIES) dist $(PYTHONS)

test-packages: wheel $(VENV)/.built ## install what was made in empty environments, and use it
	scripts/test-tools.sh
	SIMSTUDIO_DIST=dist PYTHONS="$(PYTHONS)" $(IN_VENV) -m pytest -q tests/packaging

$(VENV)/.release: $(VENV)/.ready tests/release-requirements.txt
	$(IN_VENV) -m pip install -q --disable-pip-version-check -r tests/release-requirements.txt
	touch $@
