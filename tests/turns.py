"""A server whose turn comes in the midst of what its client sends, so that nothing is left to chance: turns.c."""

import os
import select
import subprocess
import sys

from surroundings import without_proxies
from waiting import PATIENCE_S
from wire import READ_HEAD, RESET, Wire

PROGRAM = """
import sys
from simstudio import SimStudioClient, SimStudioError
try:
    print(SimStudioClient("key", sys.argv[1]).execute_workflow("wf", {"text": "a" * 3000000}, timeout=20).output)
except SimStudioError as error:
    print(error)
"""


def post_at_turn(preload, context, answer, piece, greeting=b""):
    """What a program prints whose server answers and resets right before its client sends the nth piece."""

    def wait_for_turn(connection):
        assert select.select([turn_begins], [], [], PATIENCE_S)[0]

    def end_turn(connection):
        os.write(end_of_turn, b"x")

    turn_begins, begin_turn = os.pipe()
    turn_ends, end_of_turn = os.pipe()
    turn = "%d:%d:%d" % (piece, begin_turn, turn_ends)
    try:
        with Wire([READ_HEAD, greeting, wait_for_turn, *answer, RESET, end_turn], context=context) as wire:
            environment = without_proxies(LD_PRELOAD=preload("turns"), TURN=turn)
            done = subprocess.run([sys.executable, "-c", PROGRAM, wire.url], env=environment, check=True,
                                  pass_fds=(begin_turn, turn_ends), stdout=subprocess.PIPE, universal_newlines=True)
        assert wire.count(b"PRI * " if greeting else b"POST ") == 1
    finally:
        for descriptor in (turn_begins, begin_turn, turn_ends, end_of_turn):
            os.close(descriptor)
    return done.stdout.strip()
