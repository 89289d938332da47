# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from gui.state.scenario.job import Job, JobStatus


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def job(clock):
    return Job("scale", Path("/runs"), "optinet sweep scale", clock)


def event(job, **values):
    job.take(json.dumps(values))


def test_time_left_counts_down_between_events_and_follows_what_is_said(job, clock):
    assert (job.status, job.share, job.left_s) == (JobStatus.STARTING, 0.0, None)
    event(job, event="started", points=4, done_before=0, estimated_s=40.0)
    clock.now += 10
    assert (job.left_s, job.share) == (30.0, 0.0)  # no point is done
    event(job, event="finished", point="a", seconds=10.0, done=1, failed=0, points=4, left_s=60.0)
    clock.now += 10
    assert (job.text(), job.share) == ("running 1 of 4, about 50 s left", 0.25)
    clock.now += 1000
    assert job.text() == "running 1 of 4, longer than estimated"
    event(job, event="finished", point="d", seconds=1.0, done=3, failed=1, points=4, left_s=0.0)
    assert job.text() == "running 4 of 4, 1 failed, writing the comparison"
    event(job, event="finished", point="a", seconds=1.0, done=1, failed=0, points=4, left_s=0.0)
    job.end(0, cancelled=True)
    assert job.share == 0.25


def test_the_share_of_a_single_point_is_that_of_its_time(job, clock):
    event(job, event="started", points=1, done_before=0, estimated_s=40.0)
    clock.now += 10
    assert job.share == pytest.approx(10 / 40)
    clock.now += 1000
    assert job.share == 0.99
    clock.now -= 990
    job.end(11, crashed=True)
    clock.now += 50
    assert job.share == pytest.approx(20 / 40)


def test_a_failed_point_is_in_the_log_and_makes_the_job_fail(job, clock):
    event(job, event="started", points=2, done_before=0, estimated_s=1.0)
    event(job, event="failed", point="b", seconds=1.0, done=0, failed=1, points=2, left_s=1.0, error="no such role")
    event(job, event="finished", point="a", seconds=1.0, done=1, failed=1, points=2, left_s=0.0)
    clock.now += 3
    job.end(2)
    assert job.status == JobStatus.FAILED and job.message == "no such role"
    assert job.text() == "failed after 3 s, 2 of 2 done, 1 failed"
    assert "FAILED b: no such role" in job.log


@pytest.mark.parametrize(
    ("end", "status", "message"),
    [
        ({"code": 0}, JobStatus.FINISHED, ""),
        ({"code": 2}, JobStatus.FAILED, "topology.leaves: is missing"),
        ({"code": signal.SIGSEGV, "crashed": True}, JobStatus.FAILED, "ended by signal SIGSEGV"),
        ({"code": 130, "cancelled": True}, JobStatus.CANCELLED, ""),
    ],
)
def test_how_it_ended(job, clock, end, status, message):
    job.take("topology.leaves: is missing")
    job.end(**end)
    clock.now += 50
    share = float(status == JobStatus.FINISHED)
    assert (job.status, job.is_active, job.seconds, job.share) == (status, False, 0.0, share)
    assert message in job.message and bool(message) == bool(job.message)
