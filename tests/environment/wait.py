"""`make environment`: a private server and both emulators until interrupted."""

import contextlib
import signal

from environment import emulators, postgresql, processes


def main():
    with contextlib.ExitStack() as stack:
        for start in emulators.EMULATORS.values():
            emulator = stack.enter_context(start())
            print(f"export DYNAMODB_ENDPOINT={emulator.endpoint_url}  # {emulator.name}")
        for name, value in emulator.environment().items():
            if name not in ("DYNAMODB_ENDPOINT", "DYNAMODB_EMULATOR"):
                print(f"export {name}={value}")
        server = stack.enter_context(postgresql.running_postgresql())
        database = stack.enter_context(server.database())
        print(f"export PGHOST={server.host} PGPORT={server.port} PGUSER={server.user}")
        print(f"export PGDATABASE={database}")
        print(f"# over TCP: the same port of 127.0.0.1, password {server.password}")
        print("# waiting for Ctrl-C", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    processes.run_main(main)
