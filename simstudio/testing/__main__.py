"""python -m simstudio.testing: a local Sim server until Ctrl-C."""

import argparse
import time

from .server import SimServer


def main():
    parser = argparse.ArgumentParser(prog="python -m simstudio.testing", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--api-key", help="the only key that is accepted; default: any")
    options = parser.parse_args()
    with SimServer(options.api_key, options.port) as server:
        print("Sim server at %s" % server.url, flush=True)
        print("Workflows: %s" % ", ".join(sorted(server.workflows)), flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
