"""Executors that were started elsewhere, for `--executor module:factory`: ``open_executor`` gives what the factory gives, ``dask`` is one.

A factory takes nothing and gives a `concurrent.futures.Executor`, whose ``submit`` is used while files are read, and whose ``shutdown``
is called when the command ends. It is code that is imported and run, so its name is taken from the command line only, never from a
project's configuration, and is looked for where txlint's own imports are: in the environment, not in the working directory."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from txlint.config import ConfigError
from txlint.pool import Engine

if TYPE_CHECKING:
    from concurrent.futures import Executor


def open_executor(name: str) -> Engine:
    """The executor of ``module:factory``. Raises ``ConfigError`` where there is none, or it could not be started."""
    module, colon, factory = name.partition(":")
    if not (module and colon and factory):
        raise ConfigError(f"--executor: MODULE:FACTORY is wanted, not {name!r}")
    try:
        make: Any = import_module(module)
        for part in factory.split("."):
            make = getattr(make, part)
        executor = make()
    except Exception as error:  # somebody's code: whatever it raises
        raise ConfigError(f"--executor {name}: {type(error).__name__}: {error}") from None
    if not (callable(getattr(executor, "submit", None)) and callable(getattr(executor, "shutdown", None))):
        raise ConfigError(f"--executor {name}: {type(executor).__name__} is no executor: it has no submit and shutdown")
    return Engine(executor, f"--executor {name}")


def dask() -> Executor:
    """The workers of a Dask cluster: that of the scheduler that Dask's own configuration names (`DASK_SCHEDULER_ADDRESS`), else one on
    this machine for as long as the command runs, a process for each core."""
    from concurrent.futures import Executor
    from logging import CRITICAL

    from dask import config
    from distributed import Client, LocalCluster

    named = config.get("scheduler-address", None)
    client = Client(named or LocalCluster(threads_per_worker=1, dashboard_address=None, silence_logs=CRITICAL))
    workers = client.get_executor(pure=False)

    class Workers(Executor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            return workers.submit(fn, *args, **kwargs)

        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            workers.shutdown(wait)
            cluster = client.cluster
            client.close()
            if cluster is not None:
                cluster.close()

    return Workers()
