import importlib

PARTS = ["Database", "GetToken", "Passwordless", "RevokeToken", "Users"]


def _part(name):
    def maker(place):
        arguments = ["a.example"] if name == "Users" else ["a.example", "i", "s"]
        return getattr(importlib.import_module("auth0.authentication"), name)(*arguments)

    return maker


MAKERS = {f"auth0.authentication.{name}": _part(name) for name in PARTS}
