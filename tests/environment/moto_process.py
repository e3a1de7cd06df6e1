"""Runs moto's server on a port of the kernel's choice and writes it to the file given."""

import sys
from pathlib import Path

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

if __name__ == "__main__":
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True)
    Path(sys.argv[1]).write_text(f"{server.port}\n")
    server.serve_forever()
