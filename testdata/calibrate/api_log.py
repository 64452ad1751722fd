#!/usr/bin/env python3
"""Ten days of one made-up function, as `aws logs tail` prints them: testdata/calibrate/api_log.py | gzip -9n > testdata/calibrate/api.log.gz

Known truth: init of 62 ms in the median (lognormal, 0.12), first calls of 150 ms, warm calls of 9 ms, environments that live for
7 idle minutes, a request every 8 minutes on average, one environment at a time. The same bytes every time.
"""
import datetime
import math
import random

random = random.Random(2026)
BEGIN, DAYS, KEEP_ALIVE = 1_789_257_600_000, 10, 7 * 60_000
now, idle, stream = BEGIN, -math.inf, ""
while True:
    now += random.expovariate(1 / (8 * 60_000))
    if now >= BEGIN + DAYS * 86_400_000:
        break
    if now <= idle:
        continue
    init = None
    if now - idle > KEEP_ALIVE:
        init = round(random.lognormvariate(math.log(62), 0.12), 2)
        stream = f"2026/09/{13 + int(now - BEGIN) // 86_400_000}/[4]{random.getrandbits(128):032x}"
    duration = round(random.lognormvariate(math.log(150 if init else 9), 0.2), 2)
    idle = math.ceil(now + duration)
    at = datetime.datetime.fromtimestamp(idle / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")
    request = f"{random.getrandbits(32):08x}-0000-4000-8000-{random.getrandbits(48):012x}"
    billed = math.ceil(round(duration + (init or 0), 2))
    fields = [f"Duration: {duration:.2f} ms", f"Billed Duration: {billed} ms", "Memory Size: 512 MB", "Max Memory Used: 21 MB"]
    if init:
        fields.append(f"Init Duration: {init:.2f} ms")
    print(f"{at}+00:00 {stream} REPORT RequestId: {request} " + " ".join(fields))
