-- Amazon Athena: cold starts of Lambda functions, counted where the logs are. One row for each function, version, memory setting
-- and day; times are counted in buckets of 2 % (floor(50 ln ms)), as `lambda-slim calibrate` counts them, so that its rows give
-- the same model as the lines themselves. Save the result as CSV: lambda-slim calibrate result.csv -o model.json
--
-- It reads lambda_events(log_group varchar, log_stream varchar, at_ms bigint, message varchar): one row for each log event. Where
-- a subscription filter delivers to S3 through Firehose, decompressed, with one JSON record per delivery:
--   CREATE EXTERNAL TABLE lambda_deliveries (messageType string, logGroup string, logStream string,
--       logEvents array<struct<id:string, `timestamp`:bigint, message:string>>)
--   ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://my-bucket/my-prefix/';
--   CREATE VIEW lambda_events AS
--   SELECT logGroup AS log_group, logStream AS log_stream, event."timestamp" AS at_ms, event.message AS message
--   FROM lambda_deliveries CROSS JOIN UNNEST(logEvents) AS t(event) WHERE messageType = 'DATA_MESSAGE';
WITH events AS (
    SELECT
        regexp_extract(log_group, '([^/]+)$', 1) AS function,
        coalesce(nullif(regexp_extract(log_stream, '\[([^\]]+)\]', 1), ''), '$LATEST') AS version,
        log_stream AS stream,
        at_ms,
        message,
        max(CASE WHEN message LIKE '%"initializationType":"provisioned-concurrency"%' THEN 1 ELSE 0 END)
            OVER (PARTITION BY log_group, log_stream) AS provisioned,
        max(CASE WHEN message LIKE '%"initializationType":"snap-start"%' THEN 1 ELSE 0 END)
            OVER (PARTITION BY log_group, log_stream) AS snap_start
    FROM lambda_events
    WHERE message LIKE 'REPORT RequestId:%' OR message LIKE '%"platform.report"%' OR message LIKE '%"platform.initStart"%'
),
fields AS (
    SELECT function, version, stream, at_ms, provisioned, snap_start,
        coalesce(try_cast(nullif(regexp_extract(message, 'RequestId: \S+\s+Duration: ([0-9.]+) ms', 1), '') AS double),
                 try_cast(nullif(regexp_extract(message, '"durationMs":\s*([0-9.]+)', 1), '') AS double)) AS duration_ms,
        coalesce(try_cast(nullif(regexp_extract(message, 'Init Duration: ([0-9.]+) ms', 1), '') AS double),
                 try_cast(nullif(regexp_extract(message, '"initDurationMs":\s*([0-9.]+)', 1), '') AS double)) AS init_ms,
        coalesce(try_cast(nullif(regexp_extract(message, 'Billed Duration: ([0-9.]+) ms', 1), '') AS double),
                 try_cast(nullif(regexp_extract(message, '"billedDurationMs":\s*([0-9.]+)', 1), '') AS double)) AS billed_ms,
        coalesce(try_cast(nullif(regexp_extract(message, 'Memory Size: ([0-9]+) MB', 1), '') AS integer),
                 try_cast(nullif(regexp_extract(message, '"memorySizeMB":\s*([0-9]+)', 1), '') AS integer)) AS memory_mb,
        coalesce(try_cast(nullif(regexp_extract(message, 'Max Memory Used: ([0-9]+) MB', 1), '') AS integer),
                 try_cast(nullif(regexp_extract(message, '"maxMemoryUsedMB":\s*([0-9]+)', 1), '') AS integer)) AS used_mb,
        CASE WHEN message LIKE '%Status: timeout%' OR message LIKE '%"status":"timeout"%' THEN 1 ELSE 0 END AS late,
        CASE WHEN message LIKE '%Restore Duration: %' OR message LIKE '%"restoreDurationMs"%' THEN 1 ELSE 0 END AS restored
    FROM events
    WHERE message NOT LIKE '%"platform.initStart"%'
),
ordered AS (
    SELECT *,
        at_ms - cast(floor(duration_ms) AS bigint) AS start_ms,
        CASE WHEN row_number() OVER (PARTITION BY function, stream ORDER BY at_ms DESC) = 1
             THEN greatest(at_ms - min(at_ms) OVER (PARTITION BY function, stream), 1) END AS lifetime_ms,
        lag(at_ms) OVER (PARTITION BY function, stream ORDER BY at_ms) AS stream_idle_ms,
        max(at_ms) OVER (PARTITION BY function ORDER BY at_ms ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS any_idle_ms
    FROM fields
    WHERE duration_ms IS NOT NULL
),
counted AS (
    SELECT *,
        CASE WHEN init_ms IS NOT NULL AND provisioned = 0 AND snap_start = 0 AND restored = 0 AND late = 0 THEN 1 ELSE 0 END AS cold,
        CASE WHEN init_ms IS NULL AND restored = 0 AND snap_start = 0 THEN 1 ELSE 0 END AS warm,
        CASE WHEN restored = 0 AND billed_ms IS NOT NULL THEN 1 ELSE 0 END AS billed_checked,
        CASE WHEN restored = 0
              AND abs(billed_ms - greatest(ceiling(coalesce(init_ms, 0) + duration_ms - 0.000001), 1)) >= 0.5
             THEN 1 ELSE 0 END AS billed_unlike,
        CASE WHEN init_ms IS NOT NULL
              AND abs(billed_ms - greatest(ceiling(duration_ms - 0.000001), 1)) < 0.5
             THEN 1 ELSE 0 END AS billed_duration_alone,
        CASE WHEN init_ms IS NULL AND start_ms >= stream_idle_ms THEN greatest(start_ms - stream_idle_ms, 1) END AS survived_ms,
        CASE WHEN init_ms IS NOT NULL AND start_ms >= any_idle_ms THEN greatest(start_ms - any_idle_ms, 1) END AS gone_ms
    FROM ordered
)
SELECT
    function,
    version,
    memory_mb,
    date '1970-01-01' + interval '1' day * cast(floor(at_ms / 86400000) AS integer) AS day,
    count(*) AS invocations,
    histogram(cast(floor(50 * ln(greatest(init_ms, 0.01))) AS integer)) FILTER (WHERE cold = 1) AS init_histogram,
    histogram(cast(floor(50 * ln(greatest(duration_ms, 0.01))) AS integer)) FILTER (WHERE cold = 1) AS first_call_histogram,
    histogram(cast(floor(50 * ln(greatest(duration_ms, 0.01))) AS integer)) FILTER (WHERE warm = 1) AS warm_histogram,
    histogram(cast(floor(50 * ln(survived_ms)) AS integer)) FILTER (WHERE survived_ms IS NOT NULL) AS survived_histogram,
    histogram(cast(floor(50 * ln(gone_ms)) AS integer)) FILTER (WHERE gone_ms IS NOT NULL) AS gone_histogram,
    histogram(cast(floor(50 * ln(lifetime_ms)) AS integer)) FILTER (WHERE lifetime_ms IS NOT NULL) AS lifetime_histogram,
    sum(CASE WHEN cold = 1 THEN used_mb ELSE 0 END) AS cold_max_memory_used_mb,
    sum(billed_checked) AS billed_checked,
    sum(billed_unlike * billed_duration_alone) AS billed_without_init,
    sum(billed_unlike * (1 - billed_duration_alone)) AS billed_otherwise,
    min(at_ms) AS first_ms,
    max(at_ms) AS last_ms
FROM counted
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
