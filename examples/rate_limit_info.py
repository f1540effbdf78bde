"""See how much of the rate limit is left, where the server's answers tell."""

import os
from datetime import datetime

from simstudio import SimStudioClient

API_KEY = os.getenv("SIM_API_KEY")
BASE_URL = os.getenv("SIM_BASE_URL", "https://sim.ai")

with SimStudioClient(API_KEY, BASE_URL) as client:
    client.execute_workflow("workflow-id", {"n": 1})
    info = client.get_rate_limit_info()

if info is None:
    print("The server's answers say nothing about a rate limit")
else:
    until = datetime.fromtimestamp(info.reset)
    print("%d of %d runs are left until %s" % (info.remaining, info.limit, until))
