"""Runs one case against a server:  client.py ADDRESS CASE [CERTIFICATES]  ·  client.py --list  names the cases."""
import inspect
import sys

import cases_calls
import cases_ends
import cases_services
from world import World

CASES = {
    name: case
    for module in (cases_calls, cases_ends, cases_services)
    for name, case in inspect.getmembers(module, inspect.isfunction)
    if case.__module__ == module.__name__ and not name.startswith("_")
}


def main():
    if sys.argv[1] == "--list":
        print("\n".join(CASES))
        return
    world = World(sys.argv[1], *sys.argv[3:])
    try:
        CASES[sys.argv[2]](world)
    finally:
        world.close()


main()
