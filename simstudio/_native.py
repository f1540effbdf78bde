"""Imported only where the extension of this name is missing: an extension comes before a source.

It says what happened, since "No module named 'simstudio._native'" tells nobody that the folder of
the sources has hidden an installed package.
"""

import os
import sys

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_HERE = "simstudio was imported from %s, " % _FOLDER
_NOT_BUILT = (
    "where its C extension has not been built for this Python (%s). If those are the sources, they "
    "hide any simstudio that is installed: run Python from another folder, or build the extension "
    "there with `pip install -e .`. If not, install simstudio-sdk again with this Python."
) % sys.implementation.cache_tag
_IN_ARCHIVE = (
    "which is in an archive: Python cannot load a C extension from there. Install simstudio-sdk, "
    "or unpack it into a folder."
)

raise ImportError(
    _HERE + (_NOT_BUILT if os.path.isdir(_FOLDER) else _IN_ARCHIVE), name=__name__, path=_FOLDER
)
