#!/usr/bin/env bash
# What do a zipped and an unzipped MB cost before INIT, and does padding that nothing touches cost INIT anything?
# One package, padded with 0, 1, 5, 20 and 45 MB of random bytes (which a zip cannot compress: download and unpack) and of zero
# bytes (which it can: unpack alone). Each is a function of its own, started STARTS times at once with X-Ray on. Padding is never
# read, so every difference is download, unpacking, or what Lambda does with either. It costs a few cents.
#
# Needs: a zip that starts (bootstrap at its root), the AWS CLI with rights on Lambda, S3, CloudWatch Logs and X-Ray, zip, and an
# execution role (ROLE) with AWSLambdaBasicExecutionRole and AWSXRayDaemonWriteAccess. The handler should take some seconds for
# EVENT (sleep, or wait for something), so that starts at once take an environment each.
#
#   ZIP=bootstrap.zip ROLE=arn:aws:iam::123456789012:role/lambda-slim BUCKET=my-bucket ./experiment.sh
set -euo pipefail
: "${ZIP:?the deployment package}" "${ROLE:?ARN of the execution role}" "${BUCKET:?an S3 bucket of the same region}"
ARCHITECTURE=${ARCHITECTURE:-x86_64} # or arm64
RUNTIME=${RUNTIME:-provided.al2023}
STARTS=${STARTS:-60}
EVENT=${EVENT:-'{}'}
PREFIX=${PREFIX:-lambda-slim-padding}
work=$(mktemp -d)
begin=$(date +%s)

for kind in random zero; do
    for mb in 0 1 5 20 45; do
        if [ "$kind$mb" = zero0 ]; then continue; fi
        name=$PREFIX-$kind-$mb
        source=/dev/zero
        if [ "$kind" = random ]; then source=/dev/urandom; fi
        cp "$ZIP" "$work/$name.zip"
        if [ "$mb" -gt 0 ]; then
            head -c "${mb}000000" "$source" > "$work/padding"
            (cd "$work" && zip -q "$name.zip" padding)
        fi
        aws s3 cp --quiet "$work/$name.zip" "s3://$BUCKET/$name.zip"
        aws lambda create-function --function-name "$name" --runtime "$RUNTIME" --handler bootstrap --role "$ROLE" \
            --architectures "$ARCHITECTURE" --memory-size 512 --timeout 30 --tracing-config Mode=Active \
            --code "S3Bucket=$BUCKET,S3Key=$name.zip" >/dev/null
        aws lambda wait function-active-v2 --function-name "$name"
        # X-Ray samples one request in a second and 5 % of the rest: starts are spread over several rounds.
        for _ in 1 2 3; do
            for _ in $(seq $((STARTS / 3))); do
                aws lambda invoke --function-name "$name" --payload "$EVENT" --cli-binary-format raw-in-base64-out /dev/null >/dev/null &
                sleep 0.2
            done
            wait
            # A new version of the environment: all start cold again.
            aws lambda update-function-configuration --function-name "$name" --description "$RANDOM" >/dev/null
            aws lambda wait function-updated-v2 --function-name "$name"
        done
        lambda-slim analyze "$work/$name.zip" --format json -o "$work/$name.json"
    done
done

sleep 60 # logs and traces arrive late
end=$(date +%s)
: > "$work/traces.json"
aws xray get-trace-summaries --start-time "$begin" --end-time "$end" --query 'TraceSummaries[].Id' --output text |
    tr '\t' '\n' | xargs -r -n 5 aws xray batch-get-traces --trace-ids >> "$work/traces.json"
reports=()
for report in "$work/$PREFIX"-*.json; do
    name=$(basename "$report" .json)
    aws logs filter-log-events --log-group-name "/aws/lambda/$name" --start-time "${begin}000" --filter-pattern REPORT > "$work/$name.log"
    reports+=(--report "$name=$report")
    aws lambda delete-function --function-name "$name"
    aws s3 rm --quiet "s3://$BUCKET/$name.zip"
done
lambda-slim calibrate "$work"/*.log "$work/traces.json" "${reports[@]}" --arch "${ARCHITECTURE/x86_64/x86-64}" -o model.json
echo "model.json holds what was learnt; the logs are in $work"
