"""The environment that tests hand to the programs they start."""

import os


def without_proxies(**more):
    """The process's own variables but for those that name proxies, and `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return dict(kept, **more)
