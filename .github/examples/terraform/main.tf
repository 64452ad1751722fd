# cargo lambda build --release --output-format zip
# lambda-slim slim --in-place target/lambda/hello/bootstrap.zip
# terraform apply
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "package" {
  description = "The zip as lambda-slim wrote it"
  type        = string
  default     = "target/lambda/hello/bootstrap.zip"
}

variable "role_arn" {
  description = "Execution role of the function"
  type        = string
}

resource "aws_lambda_function" "hello" {
  function_name    = "hello"
  role             = var.role_arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = ["x86_64"]
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  memory_size      = 256
  timeout          = 10
}
