#!/usr/bin/env python3
"""Runs the cases of the Autobahn test suite's fuzzing server through boaws, and tells the result as a table.

    js-tests/autobahn.py --wstest PATH/TO/wstest

The suite must be installed; it needs Python 2.7, or a port of it. This program needs Python 3.8. Exit code 0: all cases
and the way they closed are OK or informational; 1: some are not; 2: the suite or boaws is missing or did not work.
"""

import argparse
import collections
import json
import os
import pathlib
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLIENT = ROOT / "fixtures" / "autobahn-client.js"
AGENT = "boaws"
CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*", "12.*", "13.*"]
GROUPS = {
    1: "Framing",
    2: "Pings and Pongs",
    3: "Reserved bits",
    4: "Opcodes",
    5: "Fragmentation",
    6: "UTF-8",
    7: "Closing",
    9: "Limits and performance",
    10: "Automatic fragmentation",
    12: "Compression: payloads",
    13: "Compression: parameters",
}
FINE = ["OK", "INFORMATIONAL"]

# Run by the suite's own Python. The suite would listen on every interface.
ON_LOOPBACK = """
import sys
from autobahntestsuite import choosereactor
from twisted.internet import reactor
listen = reactor.listenTCP
def listen_on_loopback(port, factory, backlog=50, interface=''):
    return listen(port, factory, backlog, '127.0.0.1')
reactor.listenTCP = listen_on_loopback
from autobahntestsuite import wstest
sys.argv[0] = 'wstest'
wstest.run()
"""


class Unusable(Exception):
    """The suite or boaws cannot do its work."""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--wstest",
        default=os.environ.get("WSTEST", "wstest"),
        help="the suite's program; default: the environment variable WSTEST, or wstest in PATH",
    )
    parser.add_argument("--boaws", type=pathlib.Path, help="default: the newest one in target/")
    parser.add_argument("--cases", nargs="+", default=CASES, metavar="PATTERN", help="default: all but group 11")
    parser.add_argument("--reports", type=pathlib.Path, help="keep the suite's reports in this folder")
    return parser.parse_args()


def interpreter(wstest):
    """The Python that the suite's program is installed for: what its first line names."""
    path = shutil.which(wstest)
    if path is None:
        raise Unusable(f"there is no {wstest}: install autobahntestsuite and say where with --wstest")
    with open(path, "rb") as file:
        line = file.readline().decode(errors="replace")
    if not line.startswith("#!"):
        raise Unusable(f"{path} does not say which Python runs it")
    return shlex.split(line[2:])


def newest_boaws():
    built = [ROOT / "target" / profile / "boaws" for profile in ("release", "debug")]
    built = [path for path in built if path.exists()]
    if not built:
        raise Unusable("there is no boaws in target/: build it, or say where it is with --boaws")
    return max(built, key=lambda path: path.stat().st_mtime)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(server, port, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise Unusable(f"the fuzzing server did not start:\n{log.read_text(errors='replace')}")


def run(options, folder):
    reports = (options.reports or folder / "reports").resolve()
    port = free_port()
    spec = folder / "spec.json"
    spec.write_text(
        json.dumps(
            {
                "url": f"ws://127.0.0.1:{port}",
                "outdir": str(reports),
                "cases": options.cases,
                "exclude-cases": [],
                "exclude-agent-cases": {},
            }
        )
    )
    log = folder / "wstest.log"
    command = interpreter(options.wstest) + ["-c", ON_LOOPBACK]
    command += ["--mode", "fuzzingserver", "--webport", "0", "--spec", str(spec)]
    with open(log, "wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
    try:
        wait_for(server, port, log)
        boaws = options.boaws or newest_boaws()
        location = f"ws://127.0.0.1:{port}/?agent={AGENT}"
        client = subprocess.run([boaws, "run", "--location", location, CLIENT], check=False)
    finally:
        server.terminate()
        server.wait()
    if client.returncode != 0:
        raise Unusable(f"boaws ended with exit code {client.returncode}")
    return json.loads((reports / "index.json").read_text())[AGENT]


def by_group(results):
    groups = collections.defaultdict(list)
    for case, result in results.items():
        groups[int(case.split(".")[0])].append(result)
    return sorted(groups.items())


def table(results):
    kinds = ["OK", "INFORMATIONAL", "NON-STRICT", "FAILED", "UNIMPLEMENTED"]
    heads = ["Group", "Cases"] + [kind.capitalize() if kind != "OK" else kind for kind in kinds] + ["Close OK"]
    rows = []
    totals = collections.Counter()
    for number, group in by_group(results):
        counts = collections.Counter(result["behavior"] for result in group)
        counts["close"] = sum(result["behaviorClose"] in FINE for result in group)
        counts["cases"] = len(group)
        totals += counts
        rows.append((f"{number} {GROUPS.get(number, '')}".strip(), counts))
    rows.append(("all", totals))
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    for name, counts in rows:
        cells = [name] + [str(counts[key]) for key in ["cases"] + kinds + ["close"]]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def blemishes(results):
    for case, result in sorted(results.items(), key=lambda item: [int(part) for part in item[0].split(".")]):
        if result["behavior"] not in FINE or result["behaviorClose"] not in FINE:
            yield f"case {case}: {result['behavior']}, closing {result['behaviorClose']}"


def main():
    options = arguments()
    try:
        with tempfile.TemporaryDirectory() as folder:
            results = run(options, pathlib.Path(folder))
    except (Unusable, OSError) as error:
        print(f"autobahn: {error}", file=sys.stderr)
        return 2
    print(table(results))
    found = list(blemishes(results))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
