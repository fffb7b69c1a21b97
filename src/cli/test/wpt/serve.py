# Runs the servers of a checkout of web-platform-tests: python3 -c <this> ROOT CONFIG
#
# Prints the configuration, with the ports that were chosen, as one line of JSON on stdout. Logs to stderr. Ends when
# its stdin is closed, so that it cannot outlive whoever has started it, and removes the folder that CONFIG is in.
import importlib
import importlib.util
import json
import logging
import multiprocessing
import os
import pkgutil
import shutil
import signal
import sys
import threading
import time

# How long the servers may take to stop, in seconds.
STOP_LIMIT = 5


def main():
    root, config_path = sys.argv[1:3]
    sys.path.insert(0, root)
    logging.basicConfig(stream=sys.stderr, format="%(processName)s: %(message)s")
    try:
        from tools.serve import serve
    except ImportError as error:
        sys.exit(f"they need a Python module: {error}")

    name_pywebsocket()

    def print_config(logger, aliases, config):
        everything = config.as_dict()
        wanted = {key: everything[key] for key in ("browser_host", "all_domains", "ports")}
        print(json.dumps(wanted), flush=True)
        return serve.get_route_builder(logger, aliases, config)

    threading.Thread(target=end_with_stdin, daemon=True).start()
    try:
        serve.run(
            config_path=config_path,
            route_builder=print_config,
            webtransport_h3=False,
            mp_context=multiprocessing.get_context("fork") if sys.platform == "linux" else None,
            log_handlers=[logging.StreamHandler(sys.stderr)],
        )
    finally:
        # Whoever has made the folder of the configuration may have been killed.
        shutil.rmtree(os.path.dirname(config_path), ignore_errors=True)


# The WebSocket handlers of newer trees call the server's package by another name than older trees do.
def name_pywebsocket():
    old, new = "mod_pywebsocket", "pywebsocket3"
    if importlib.util.find_spec(new) is not None:
        return
    try:
        package = importlib.import_module(old)
    except ImportError as error:
        sys.exit(f"they need the Python module {new}: {error}")
    for module in pkgutil.walk_packages(package.__path__, f"{old}."):
        try:
            importlib.import_module(module.name)
        except ImportError:
            # One that only some systems can load.
            pass
    for name, module in list(sys.modules.items()):
        if name == old or name.startswith(f"{old}."):
            sys.modules[new + name[len(old):]] = module


def end_with_stdin():
    # Not through sys.stdin: the processes of the servers close that, and would wait for its lock.
    while os.read(0, 4096):
        pass
    # As an interrupt at the keyboard, which stops them in good order.
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(STOP_LIMIT)
    for process in multiprocessing.active_children():
        process.kill()
    os._exit(1)


if __name__ == "__main__":
    main()
