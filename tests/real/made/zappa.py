import os
from typing import Any

import boto3
from zappa import asynchronous


def prepare(place: Any) -> None:
    """Inside of a Lambda, which has its client since the import: elsewhere the function is run in place."""
    os.environ["AWS_LAMBDA_FUNCTION_NAME"] = "shop"
    os.environ["AWS_REGION"] = "eu-west-1"
    asynchronous.LAMBDA_CLIENT = boto3.client("lambda", region_name="eu-west-1")
