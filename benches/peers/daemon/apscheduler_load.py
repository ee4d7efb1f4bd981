"""APScheduler with many jobs of one schedule. Usage: apscheduler_load.py RECORDS JOBS SCHEDULE"""

import asyncio
import struct
import sys
import time
from datetime import datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

READY = 0xFFFFFFFF
RECORD = struct.Struct("<IIQ")
BUFFER = 64 * 1024
FIELDS = ("second", "minute", "hour", "day", "month", "day_of_week")


class Records:
    """The records of benches/daemon/records.rs."""

    def __init__(self, path: str) -> None:
        self.file = open(path, "wb", buffering=0)
        self.buffer = bytearray()
        self.second = 0

    def ready(self) -> None:
        self.push(READY)
        self.write()

    async def started(self, job: int) -> None:
        self.push(job)

    def push(self, job: int) -> None:
        at = time.time_ns() // 1000
        if len(self.buffer) >= BUFFER or self.second < at // 1_000_000:
            self.write()
            self.second = at // 1_000_000
        # Jobs are not told their due times.
        self.buffer += RECORD.pack(job, 0, at)

    def write(self) -> None:
        self.file.write(self.buffer)
        self.buffer.clear()


async def main(path: str, jobs: str, schedule: str) -> None:
    records = Records(path)
    # Its fastest way, found by trying: in the event loop itself, without threads to hand the jobs
    # to, and every second as an interval of whole seconds. With cron triggers it takes longer than
    # a second to go through 10,000 jobs, finds them all missed, and starts none.
    scheduler = AsyncIOScheduler()
    if schedule == "* * * * * *":
        trigger, fields = "interval", {"seconds": 1, "start_date": datetime(2026, 1, 1)}
    else:
        trigger, fields = "cron", dict(zip(FIELDS, schedule.split()))
    for number in range(int(jobs)):
        scheduler.add_job(records.started, trigger, args=(number,), **fields)
    scheduler.start()
    records.ready()
    await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
