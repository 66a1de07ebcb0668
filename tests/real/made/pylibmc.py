import pylibmc

MAKERS = {"pylibmc.Client": lambda place: pylibmc.Client([place.host], binary=True, behaviors={"cas": True})}
