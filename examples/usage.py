"""Print the account's rate limits and usage, and warn when little is left."""

import os

from simstudio import SimStudioClient, SimStudioError

API_KEY = os.getenv("SIM_API_KEY")
BASE_URL = os.getenv("SIM_BASE_URL", "https://sim.ai")
WARN_AT_PERCENT = 80


def print_rate_limit(name, bucket):
    print("%s runs:" % name)
    for key in ("limit", "remaining", "resetAt", "isLimited"):
        print("  %-10s %s" % (key, bucket.get(key, "unknown")))


def print_usage(usage):
    cost, limit = usage.get("currentPeriodCost", 0), usage.get("limit", 0)
    print("Plan:", usage.get("plan", "unknown"))
    print("Cost: $%.2f of $%.2f" % (cost, limit))
    if limit <= 0:  # an account that is blocked
        print("Nothing can be run")
        return
    percent = 100 * cost / limit
    print("Used: %.1f%%" % percent)
    if percent > WARN_AT_PERCENT:
        print("Warning: the usage limit is near")


def main():
    with SimStudioClient(API_KEY, BASE_URL) as client:
        try:
            limits = client.get_usage_limits()
        except SimStudioError as error:
            print("The usage could not be fetched:", error)
            return
    print_rate_limit("Sync", limits.rate_limit.get("sync", {}))
    print_rate_limit("Async", limits.rate_limit.get("async", {}))
    print_usage(limits.usage)


if __name__ == "__main__":
    main()
