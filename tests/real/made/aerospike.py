MAKERS = {"=config": lambda place: {"hosts": [("127.0.0.1", place.port)], "policies": {"login_timeout_ms": 500}}}
