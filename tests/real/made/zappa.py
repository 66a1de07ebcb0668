import os
from typing import Any


def prepare(place: Any) -> None:
    """Inside of a Lambda: elsewhere the function is run in place."""
    os.environ["AWS_LAMBDA_FUNCTION_NAME"] = "shop"
    os.environ["AWS_REGION"] = "eu-west-1"
