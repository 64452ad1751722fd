"""cargo lambda build --release --output-format zip && lambda-slim slim --in-place target/lambda/hello/bootstrap.zip && cdk deploy --app 'python3 app.py'

CDK uploads a zip as it is: every byte that was saved stays saved.
"""
import os

from aws_cdk import App, Duration, Stack
from aws_cdk import aws_lambda as lambda_

app = App()
stack = Stack(app, "hello")
lambda_.Function(
    stack,
    "Hello",
    runtime=lambda_.Runtime.PROVIDED_AL2023,
    architecture=lambda_.Architecture.X86_64,
    handler="bootstrap",
    code=lambda_.Code.from_asset(os.environ.get("PACKAGE", "target/lambda/hello/bootstrap.zip")),
    memory_size=256,
    timeout=Duration.seconds(10),
)
app.synth()
