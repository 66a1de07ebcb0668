from pathlib import Path


def prepare(place):
    Path("orders.jsonl").write_text("{}", encoding="utf-8")
