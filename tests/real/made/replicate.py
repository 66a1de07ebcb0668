import os
from pathlib import Path
from typing import Any

from replicate import Client
from replicate.deployment import Deployment
from replicate.prediction import Prediction


def prepare(place: Any) -> None:
    """The module's own client reads its token from the environment; and a file to upload."""
    os.environ["REPLICATE_API_TOKEN"] = "t"
    Path("a").write_text("a", encoding="utf-8")


def _deployment(place: Any) -> Deployment:
    made = Deployment(owner="shop", name="a")
    made._client = Client(api_token="t")
    return made


def _prediction(place: Any) -> Prediction:
    made = Prediction(id="p", model="shop/a", version="a", status="starting", input={}, output=None, logs=None, error=None)
    made._client = Client(api_token="t")
    return made


MAKERS = {"replicate.deployment.Deployment": _deployment, "replicate.prediction.Prediction": _prediction}
