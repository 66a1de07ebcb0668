from tests.real.receivers import _tables as prepare

APPS = ["background_task"]
__all__ = ["APPS", "prepare"]
