"""Puts logs, traces and metrics into moto, which plays AWS, and pipes them out with the AWS CLI as the README has it.

Arguments: the program, a folder for its models. Prints what was put in, as JSON."""
import json
import os
import random
import socket
import subprocess
import sys
import time
import uuid

import boto3

tool, folder = sys.argv[1:3]
bin = os.path.dirname(sys.executable)
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
for name in [name for name in os.environ if name.startswith("AWS_") or name.startswith("LAMBDA_SLIM_")]:
    del os.environ[name]
os.environ.update(
    AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}", AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="eu-west-1",
    AWS_EC2_METADATA_DISABLED="true", AWS_PAGER="", NO_PROXY="127.0.0.1", PATH=f"{bin}:{os.path.dirname(tool)}:{os.environ['PATH']}",
)
server = subprocess.Popen([f"{bin}/moto_server", "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def shell(script):
    done = subprocess.run(["bash", "-c", "set -euo pipefail; " + script], capture_output=True, text=True, cwd=folder)
    if done.returncode:
        sys.exit(f"{script}\n{done.stdout}\n{done.stderr}")


def median(values):
    return sorted(values)[len(values) // 2]


def put_logs(rng, now):
    logs, inits = boto3.client("logs"), []
    logs.create_log_group(logGroupName="/aws/lambda/api")
    for day in range(6):
        for start in range(8):
            stream, events = f"2026/11/2{day}/[7]{rng.getrandbits(128):032x}", []
            at = now - (6 - day) * 86_400_000 + start * 1_800_000
            for call in range(6):
                duration, init = (round(rng.uniform(200, 230), 2), round(rng.uniform(40, 44), 2)) if call == 0 else (round(rng.uniform(8, 12), 2), 0)
                at += int(duration) + 1
                request = uuid.UUID(int=rng.getrandbits(128))
                line = (f"REPORT RequestId: {request}\tDuration: {duration:.2f} ms\tBilled Duration: {int(-(-(duration + init) // 1))} ms\t"
                        f"Memory Size: 256 MB\tMax Memory Used: 19 MB\t")
                if init:
                    inits.append(init)
                    line += f"Init Duration: {init:.2f} ms\t"
                events += [{"timestamp": at, "message": f"START RequestId: {request} Version: 7\n"}, {"timestamp": at, "message": line + "\n"}]
                at += 60_000
            logs.create_log_stream(logGroupName="/aws/lambda/api", logStreamName=stream)
            logs.put_log_events(logGroupName="/aws/lambda/api", logStreamName=stream, logEvents=events)
    return inits


def put_traces(rng, now):
    gaps = []
    for number in range(25):
        begin, gap = now / 1000 - 3600 + number, rng.uniform(0.2, 0.24)
        gaps.append(gap * 1000)
        trace = f"1-{int(begin):08x}-{rng.getrandbits(96):024x}"
        service, function = f"{rng.getrandbits(64):016x}", f"{rng.getrandbits(64):016x}"
        documents = [
            {"id": service, "trace_id": trace, "name": "api", "start_time": begin, "end_time": begin + gap + 0.3, "origin": "AWS::Lambda",
             "resource_arn": "arn:aws:lambda:eu-west-1:123456789012:function:api"},
            {"id": function, "trace_id": trace, "parent_id": service, "name": "api", "origin": "AWS::Lambda::Function",
             "start_time": begin + gap + 0.001, "end_time": begin + gap + 0.3,
             "subsegments": [
                 {"id": f"{rng.getrandbits(64):016x}", "name": "Invocation", "start_time": begin + gap + 0.045, "end_time": begin + gap + 0.29},
                 {"id": f"{rng.getrandbits(64):016x}", "name": "Initialization", "start_time": begin + gap, "end_time": begin + gap + 0.042}]},
        ]
        boto3.client("xray").put_trace_segments(TraceSegmentDocuments=[json.dumps(document) for document in documents])
    return gaps


def put_metrics(now):
    dimension = [{"Name": "FunctionName", "Value": "api"}]
    for minute in range(120):
        at = now // 1000 // 60 * 60 - 7200 + 60 * minute
        data = [{"MetricName": name, "Dimensions": dimension, "Timestamp": at, "Value": value} for name, value in (("Invocations", 30), ("Throttles", minute == 7))]
        boto3.client("cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=data)
    queries = [{"Id": name.lower(), "Label": name, "MetricStat": {"Period": 60, "Stat": "Sum", "Metric": {
        "Namespace": "AWS/Lambda", "MetricName": name, "Dimensions": dimension}}} for name in ("Invocations", "Throttles")]
    with open(f"{folder}/queries.json", "w") as file:
        json.dump(queries, file)


try:
    for _ in range(400):
        try:
            socket.create_connection(("127.0.0.1", port), 0.1).close()
            break
        except OSError:
            time.sleep(0.05)
    rng, now = random.Random(5), int(time.time() * 1000)
    inits, gaps = put_logs(rng, now), put_traces(rng, now)
    put_metrics(now)
    since, until = now // 1000 - 7260, now // 1000 + 60
    shell("aws logs filter-log-events --log-group-name /aws/lambda/api | lambda-slim calibrate - --function api -o logs.json")
    shell(f"aws xray get-trace-summaries --start-time {since} --end-time {until} --query 'TraceSummaries[].Id' --output text | tr '\\t' '\\n' | "
          "xargs -n 5 aws xray batch-get-traces --trace-ids | lambda-slim calibrate - -o traces.json")
    shell(f"aws cloudwatch get-metric-data --metric-data-queries file://queries.json --start-time {since} --end-time {until} | "
          "lambda-slim calibrate - --function api -o metrics.json")
    print(json.dumps({"cold_starts": len(inits), "init_ms": median(inits), "traces": len(gaps), "gap_ms": median(gaps),
                      "requests_per_month": 30 * 60 * 24 * 365.25 / 12}))
finally:
    server.kill()
