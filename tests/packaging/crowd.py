"""Run by the tests: crowd.py HTTPS_URL CA_FILE MODULE...: verified calls with each module at once.

The modules are imported in the order given. Two threads with each make calls at the same time, each
call on a connection of its own. Prints how many answers each got.
"""

import collections
import importlib
import io
import sys
import threading
import urllib.request

CALLS = 30

url, ca_file = sys.argv[1:3]
modules = {name: importlib.import_module(name) for name in sys.argv[3:]}
answers = collections.Counter()


def call_simstudio(simstudio):
    with simstudio.SimStudioClient("key", url) as client:
        assert client.execute_workflow("any", {"n": 1}).success is True


def call_pycurl(pycurl):
    body = io.BytesIO()
    easy = pycurl.Curl()
    easy.setopt(pycurl.URL, url)
    easy.setopt(pycurl.CAINFO, ca_file)
    easy.setopt(pycurl.WRITEDATA, body)
    easy.setopt(pycurl.NOSIGNAL, 1)
    easy.perform()
    easy.close()
    assert b"success" in body.getvalue()


def call_ssl(ssl):
    context = ssl.create_default_context(cafile=ca_file)
    with urllib.request.urlopen(url, context=context) as answer:
        assert b"success" in answer.read()


CALL = {"simstudio": call_simstudio, "pycurl": call_pycurl, "ssl": call_ssl}


def work(name):
    for _ in range(CALLS):
        CALL[name](modules[name])
        answers[name] += 1


threads = [threading.Thread(target=work, args=(name,)) for name in modules for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for name in modules:
    print(name, answers[name])
