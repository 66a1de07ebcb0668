import sys

MAKERS = {"Basket": lambda place: sys.modules["uses_redis_om"].Basket.model_construct(pk="1", total=1)}  # making one asks the server
