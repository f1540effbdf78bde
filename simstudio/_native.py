"""Imported only where the extension of this name is missing: an extension comes before a source.

It says what happened, since "No module named 'simstudio._native'" tells nobody that the folder of
the sources has hidden an installed package.
"""

import os
import sys

_FOLDER = os.path.dirname(os.path.abspath(__file__))

raise ImportError(
    "simstudio was imported from %s, where its C extension has not been built for this Python "
    "(%s). If those are the sources, they hide any simstudio that is installed: run Python from "
    "another folder, or build the extension there with `pip install -e .`. If not, install "
    "simstudio-sdk again with this Python." % (_FOLDER, sys.implementation.cache_tag),
    name=__name__,
    path=_FOLDER,
)
