"""
An S3 server on loopback, and the address of a fresh bucket on it.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

_NUMBERS = count(1)


@contextmanager
def serving_buckets() -> Iterator[str]:
    """
    Serve buckets while it lasts, and hand out the server's host and port.
    """
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"{host}:{port}"
    finally:
        server.stop()


def fresh_bucket(server: str) -> str:
    """
    Make a bucket, and return the address of a folder in it.
    """
    from pyarrow import fs

    name = f"bucket-{next(_NUMBERS):03d}"
    options = f"region=us-east-1&scheme=http&endpoint_override={server}"
    system, _ = fs.FileSystem.from_uri(f"s3://key:secret@{name}?{options}&allow_bucket_creation=true")
    system.create_dir(name)
    return f"s3://key:secret@{name}/lake?{options}"
