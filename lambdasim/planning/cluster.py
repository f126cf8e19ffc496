"""The workers of a dask.distributed scheduler, as an executor. Knows dask, which is imported when it is asked for."""

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from lambdasim import __version__
from lambdasim.errors import InputError, MissingExtra


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
        future: Future[Any] = self._executor.submit(function, *arguments, **named)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster, which goes on without us."""
        self._executor.shutdown(wait and not cancel_futures)
        self._client.close()


def connect(address: str, timeout_s: float) -> Cluster:
    """Return the cluster whose scheduler listens at ``address`` (``tcp://host:8786``).

    Raises :class:`MissingExtra` without dask.distributed, and :class:`InputError` when nothing answers within
    ``timeout_s``, when there is no worker, or when the workers have another version of lambdasim.
    """
    try:
        from distributed import Client
    except ImportError:
        raise MissingExtra.single("This needs distributed: pip install '.[cluster]'") from None
    if not address.strip():  # which dask takes to mean a cluster that it is to start itself
        raise InputError.single("the address of the cluster is empty; give its scheduler's, such as tcp://host:8786")
    where = f"the cluster at {address}"
    begin = time.monotonic()
    try:
        client = Client(address, timeout=timeout_s, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if isinstance(error, ValueError) else f"no answer within {timeout_s:g} s"
        raise InputError.single(f"{where} cannot be used: {reason}; is a dask scheduler listening there?") from None
    try:
        client.wait_for_workers(1, timeout=max(0.1, timeout_s - (time.monotonic() - begin)))
        versions = set(client.run(_version).values())
    except TimeoutError:
        client.close()
        raise InputError.single(f"{where} has no workers; start some with: dask worker {address}") from None
    except ModuleNotFoundError as error:
        client.close()
        raise InputError.single(f"the workers of {where} cannot load lambdasim ({error}); install it there") from None
    if versions != {__version__}:
        client.close()
        found = ", ".join(sorted(versions))
        raise InputError.single(f"the workers of {where} have lambdasim {found}, this is {__version__}; make them one")
    return Cluster(client, address)


def _version() -> str:
    return __version__
