"""The workers of a dask.distributed scheduler, as an executor. Knows dask, which is imported when it is asked for."""

import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Final

from lambdasim import __version__
from lambdasim.errors import InputError, MissingExtra
from lambdasim.planning import sources

_ADDRESS: Final = re.compile(r"((tcp|tls|ws|wss|ucx)://)?(?P<host>\[[0-9A-Fa-f:.]+(%\w+)?\]|[\w.-]+):(?P<port>\d{1,5})")


class Cluster(Executor):
    """The workers of a dask.distributed scheduler."""

    def __init__(self, client: Any, address: str) -> None:
        self._client = client
        self._executor = client.get_executor(pure=False)
        self.address = address

    @property
    def workers(self) -> int:
        """How many tasks the cluster does at once, as it is now."""
        try:
            threads = self._client.nthreads().values()
        except OSError:
            raise InputError.single(f"the cluster at {self.address} does not answer any more") from None
        return max(1, sum(int(count) for count in threads))

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> "Future[Any]":
        """Let a worker of the cluster call ``function``."""
        same = sources.with_the_same  # asked each time, for workers come and go
        future: Future[Any] = self._executor.submit(same, sources.own(), function, *arguments, **named)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster, which goes on without us."""
        self._executor.shutdown(wait and not cancel_futures)
        self._client.close()


def connect(address: str, timeout_s: float) -> Cluster:
    """Return the cluster whose scheduler listens at ``address`` (``tcp://host:8786``).

    Raises :class:`MissingExtra` without dask.distributed, and :class:`InputError` for what is no address, when nothing
    answers within ``timeout_s``, when there is no worker, or when the workers have other sources of lambdasim.
    """
    try:
        from distributed import Client
    except ImportError:
        raise MissingExtra.single("This needs distributed: pip install '.[cluster]'") from None
    where = f"the cluster at {address}"
    begin = time.monotonic()
    try:
        _require_host(address)
        client = Client(address, timeout=timeout_s, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        reason = f"no answer within {timeout_s:g} s" if isinstance(error, OSError) else str(error).splitlines()[0]
        raise InputError.single(f"{where} cannot be used: {reason}; is a dask scheduler listening there?") from None
    try:
        client.wait_for_workers(1, timeout=max(0.1, timeout_s - (time.monotonic() - begin)))
        found = set(client.run(sources.own).values())
        if found != {sources.own()}:
            raise InputError.single(sources.difference(found, sources.own()))
    except TimeoutError:
        client.close()
        raise InputError.single(f"{where} has no workers; start some with: dask worker {address}") from None
    except (ImportError, AttributeError) as error:
        client.close()
        remedy = f"({error}); install version {__version__} there"
        raise InputError.single(f"the workers of {where} cannot load this lambdasim {remedy}") from None
    except InputError:
        client.close()
        raise
    return Cluster(client, address)


def _require_host(address: str) -> None:
    """Raise ValueError unless an address names a host that exists, and a port: dask would wait, or start its own."""
    if not address.strip():
        raise ValueError("the address is empty; give its scheduler's, such as tcp://host:8786")
    shape = _ADDRESS.fullmatch(address)
    if shape is None or not 0 < int(shape["port"]) < 2**16:
        raise ValueError("this is no address; give its scheduler's, such as tcp://host:8786")
    try:
        socket.getaddrinfo(shape["host"].strip("[]"), int(shape["port"]))
    except OSError as error:
        raise ValueError(f"there is no host {shape['host']} ({error.strerror})") from None
