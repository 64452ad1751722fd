#!/usr/bin/env python3
"""Logs of Lambda, made up: tests/bench/logs.py FORMAT BYTES [SEED] > FILE

FORMAT is text (lines as CloudWatch Logs exports them, tabs kept), tail (as `aws logs tail` prints them: time and stream before each
line, tabs turned to spaces), json (Lambda's JSON log format, one object per line) or events (one document of
`aws logs filter-log-events`). The same arguments give the same bytes, at least BYTES of them. One invocation in 100 is cold; each writes
START, some output of the function's, END and REPORT. Eight environments of two versions take turns.
"""
import json
import random
import sys

WORDS = "request handled order customer payment retry cache item loaded stored queue timeout latency bucket table index".split()
START = 1_789_278_828_893


def uuid(random):
    digits = f"{random.getrandbits(128):032x}"
    return "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])


def time(ms):
    """ISO 8601 in UTC: days are enough of a calendar here."""
    days, rest = divmod(ms - START + 21_228_893, 86_400_000)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"2026-09-{13 + days % 17:02}T{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}Z"


class Environment:
    def __init__(self, random, version):
        self.version = version
        self.begin(random)

    def begin(self, random):
        self.stream = f"2026/09/13/[{self.version}]{random.getrandbits(128):032x}"
        self.left = random.randint(20, 180)
        self.cold = True


def invocations(random):
    """Streams, times and records without end: (stream, ms, kind, value)."""
    environments = [Environment(random, "12" if i % 4 else "13") for i in range(8)]
    now = START
    while True:
        environment = random.choice(environments)
        if environment.left == 0:
            environment.begin(random)
        environment.left -= 1
        now += random.randint(1, 400)
        request = uuid(random)
        duration = round(random.lognormvariate(1.5, 0.8), 2)
        init = round(random.lognormvariate(3.6, 0.25), 2) if environment.cold else None
        if environment.cold:
            yield environment.stream, now, "init", None
        yield environment.stream, now, "start", (request, environment.version)
        for _ in range(random.choice([0, 1, 1, 2, 4])):
            text = " ".join(random.choices(WORDS, k=random.randint(4, 16)))
            yield environment.stream, now + 1, "output", (request, text)
        end = now + int(duration)
        yield environment.stream, end, "end", request
        yield environment.stream, end, "report", (request, duration, init, random.randint(30, 60))
        environment.cold = False


def text_of(ms, kind, value):
    if kind == "init":
        return "INIT_START Runtime Version: provided:al2023.v98\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:0f1e2d\n"
    if kind == "start":
        return f"START RequestId: {value[0]} Version: {value[1]}\n"
    if kind == "output":
        return f"{time(ms)}\t{value[0]}\tINFO\t{value[1]}\n"
    if kind == "end":
        return f"END RequestId: {value}\n"
    request, duration, init, memory = value
    billed = int(-(-(duration + (init or 0)) // 1))
    cold = f"Init Duration: {init} ms\t" if init else ""
    return (
        f"REPORT RequestId: {request}\tDuration: {duration} ms\tBilled Duration: {billed} ms\tMemory Size: 512 MB\t"
        f"Max Memory Used: {memory} MB\t{cold}\n"
    )


def object_of(ms, kind, value):
    if kind == "init":
        record = {"initializationType": "on-demand", "phase": "init", "runtimeVersion": "provided:al2023.v98"}
        return {"time": time(ms), "type": "platform.initStart", "record": record}
    if kind == "start":
        return {"time": time(ms), "type": "platform.start", "record": {"requestId": value[0], "version": value[1]}}
    if kind == "output":
        return {"timestamp": time(ms), "level": "INFO", "message": value[1], "requestId": value[0]}
    if kind == "end":
        return {"time": time(ms), "type": "platform.runtimeDone", "record": {"requestId": value, "status": "success"}}
    request, duration, init, memory = value
    metrics = {
        "durationMs": duration,
        "billedDurationMs": int(-(-(duration + (init or 0)) // 1)),
        "memorySizeMB": 512,
        "maxMemoryUsedMB": memory,
    }
    if init:
        metrics["initDurationMs"] = init
    record = {"requestId": request, "metrics": metrics, "status": "success"}
    return {"time": time(ms), "type": "platform.report", "record": record}


def pieces(form, random):
    first = True
    for stream, ms, kind, value in invocations(random):
        if form == "text":
            yield f"{time(ms)} {text_of(ms, kind, value)}"
        elif form == "tail":
            spaced = text_of(ms, kind, value).replace("\t", " ")
            yield f"{time(ms)[:-1]}000+00:00 {stream} {spaced}"
        elif form == "json":
            yield json.dumps(object_of(ms, kind, value), separators=(",", ":")) + "\n"
        else:
            event = {
                "logStreamName": stream,
                "timestamp": ms,
                "message": text_of(ms, kind, value),
                "ingestionTime": ms + 1200,
                "eventId": f"{random.getrandbits(180):056d}",
            }
            lines = json.dumps(event, indent=4).replace("\n", "\n        ")
            yield ("" if first else ",\n") + "        " + lines
        first = False


def main():
    form, size = sys.argv[1], int(float(sys.argv[2]))
    if form not in ("text", "tail", "json", "events"):
        sys.exit(__doc__)
    out = sys.stdout
    written = out.write('{\n    "events": [\n') if form == "events" else 0
    for piece in pieces(form, random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)):
        written += out.write(piece)
        if written >= size:
            break
    if form == "events":
        out.write('\n    ],\n    "searchedLogStreams": []\n}\n')


main()
