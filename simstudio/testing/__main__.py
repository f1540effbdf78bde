"""Runs a local Sim server until Ctrl-C, and prints the requests that it gets."""

from __future__ import annotations

import argparse
import sys
import time

from .eras import ERAS
from .server import SimServer


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m simstudio.testing", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--api-key", help="the only key that is accepted; default: any")
    parser.add_argument("--era", choices=list(ERAS), default="documented",
                        help="which Sim to answer and stream like; default: %(default)s")
    options = parser.parse_args()

    def log(line: str) -> None:
        print(line, flush=True)

    server = SimServer(options.api_key, options.port, options.era, log)
    try:
        server.start()
    except (OSError, OverflowError) as error:
        sys.exit("%s: cannot listen on port %d: %s" % (
            parser.prog, options.port, getattr(error, "strerror", None) or error))
    try:
        with server:
            log("Workflows: %s" % ", ".join(sorted(server.workflows)))
            log("export SIM_BASE_URL=%s SIM_API_KEY=%s" % (server.url, options.api_key or "any"))
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
