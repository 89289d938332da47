# SPDX-License-Identifier: Apache-2.0
"""Workers on a Dask cluster: the same lanes, each in a worker of the cluster.

A worker of the cluster only passes points on to a process of its own, which is bounded in time and memory like a local
one, so that long kernels never keep the worker from answering its scheduler. When a worker is lost, Dask gives its
points to another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing import current_process
from typing import TYPE_CHECKING, Any

from experiments import worker
from experiments.lanes import OwnProcess, is_death, stop_pools
from experiments.study import Point
from experiments.worker import Limits
from optinet.errors import OptinetError, Problem

if TYPE_CHECKING:
    from distributed import Client

_CONNECT_S = 10.0
_WORKERS_S = 30.0  # how long a cluster may be without any worker
_LOOK_S = 1.0
_IDLE_S = 600.0


@dataclass(frozen=True)
class Session:
    """What the workers have to know of a sweep.

    Parameters
    ----------
    id
        Its own: the processes of one sweep are not those of another on the same workers.
    limits, command_line
        For every point.
    """

    id: str
    limits: Limits
    command_line: str


class ClusterLane:
    """One thread of one worker of the cluster."""

    def __init__(self, client: Client, address: str, session: Session) -> None:
        self.address, self._session = address, session
        self._executor = client.get_executor(workers=[address], allow_other_workers=True, pure=False)
        self.ready: Future[Any] = self._executor.submit(_prepare, session)
        self.points: dict[Future[Any], Point] = {}

    def give(self, point: Point) -> None:
        """Queue a point."""
        self.points[self._executor.submit(_remote_point, point, self._session)] = point


class ClusterCrew:
    """All workers of a cluster, those that come later included.

    Raises
    ------
    OptinetError
        If no scheduler answers, there is no worker, or a worker has other code than this process.
    """

    def __init__(self, address: str, limits: Limits, command_line: str) -> None:
        self._address, self._session = address, Session(uuid.uuid4().hex, limits, command_line)
        self._client = _connected(address)
        self.lanes: list[ClusterLane] = []
        self._looked = self._seen = time.monotonic()
        self._checked: set[str] = set()
        try:
            self._client.wait_for_workers(1, timeout=_WORKERS_S)
            self._look()
        except TimeoutError:
            self.stop()
            raise _problem(address, "has no workers", "start some, for example with 'dask worker'") from None
        except BaseException:
            self.stop()
            raise

    def refresh(self) -> None:
        """Make lanes for new workers and forget those of lost ones once Dask has moved their points."""
        if time.monotonic() - self._looked > _LOOK_S:
            self._look()

    def stop(self) -> None:
        """Cancel what is under way and part from the cluster."""
        futures = [future for lane in self.lanes for future in (lane.ready, *lane.points)]
        for future in futures:
            future.cancel()
        with contextlib.suppress(Exception):  # whatever is wrong with the cluster now, this sweep is over
            self._client.run(_release_soon, self._session.id, wait=False)
        self._client.close(timeout=1)

    def _look(self) -> None:
        self._looked = time.monotonic()
        threads = {
            name: info["nthreads"] for name, info in self._client.scheduler_info(n_workers=-1)["workers"].items()
        }
        self._check(set(threads) - self._checked)
        self.lanes = [lane for lane in self.lanes if lane.points or lane.address in threads]
        for address, count in threads.items():
            missing = count - sum(lane.address == address for lane in self.lanes)
            for _ in range(missing):
                self.lanes.append(ClusterLane(self._client, address, self._session))
        if threads:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > _WORKERS_S:
            raise _problem(self._address, f"has had no worker for {_WORKERS_S:g} s", "")

    def _check(self, addresses: set[str]) -> None:
        """Make sure that all workers compute the same."""
        if not addresses:
            return
        found = self._client.run(_fingerprint, workers=sorted(addresses), on_error="return")
        ours = worker.fingerprint()
        for address, theirs in found.items():
            if isinstance(theirs, Exception):
                # a worker that went away meanwhile is no mistake; one that cannot import optinet is
                if isinstance(theirs, ImportError):
                    raise _problem(address, f"cannot import optinet: {theirs}", "the same optinet on every machine")
            elif theirs != ours:
                raise _problem(address, "has another version of optinet", "the same optinet on every machine")
            else:
                self._checked.add(address)


def _connected(address: str) -> Client:
    try:
        from distributed import Client
        from distributed.comm import get_address_host_port
    except ImportError:
        raise _problem(address, "needs the package 'distributed'", "pip install 'optinet[cluster]'") from None
    try:
        get_address_host_port(address)  # a client of what is no address complains once more when it is collected
        return Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        found = f"no scheduler answers: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        raise _problem(address, found, "the address of a Dask scheduler, such as tcp://node7:8786") from None


def _problem(address: str, found: str, allowed: str) -> OptinetError:
    return OptinetError(Problem(f"cluster {address}", found, allowed))


# what follows runs on the workers


def _fingerprint() -> str:
    return worker.fingerprint()


@dataclass
class _Own:
    """The process that a thread of a worker passes the points of one sweep to."""

    process: OwnProcess
    used: float = 0.0
    busy: bool = False


_processes: dict[tuple[str, int], _Own] = {}
_lock = threading.Lock()


def _remote_point(point: Point, session: Session) -> worker.Outcome:
    """Have this thread's process evaluate a point."""
    args, timeout_s = (point, session.command_line), session.limits.timeout_s
    with _process(session) as process:
        try:
            return process.schedule(worker.evaluated, *args, timeout_s=timeout_s).result()
        except Exception as error:
            if is_death(error):
                raise worker.WorkerDiedError(str(error)) from None
            raise


def _prepare(session: Session) -> None:
    with _process(session) as process, _lock:  # Numba's cache does not like many processes that compile at once
        process.schedule(worker.compile_kernels).result()


@contextlib.contextmanager
def _process(session: Session) -> Iterator[OwnProcess]:
    """Give this thread its process for a sweep."""
    key = session.id, threading.get_ident()
    if key not in _processes:
        _release(None)
        # Dask marks its workers as daemons, which Python allows no children; ours end when they lose their pipe
        current_process()._config["daemon"] = False  # type: ignore[attr-defined]
        _processes[key] = _Own(OwnProcess(session.limits.memory_gib))
    own = _processes[key]
    own.busy = True
    try:
        yield own.process
    finally:
        own.busy, own.used = False, time.monotonic()


async def _release_soon(session_id: str) -> None:
    await asyncio.to_thread(_release, session_id)


def _release(session_id: str | None) -> None:
    """End the processes of a sweep, or those that nobody has used for long: their sweep was killed."""
    now = time.monotonic()
    keys = [
        key
        for key, own in list(_processes.items())
        if key[0] == session_id or (session_id is None and now - own.used > _IDLE_S and not own.busy)
    ]
    stop_pools([own.process.pool for key in keys if (own := _processes.pop(key, None))])
