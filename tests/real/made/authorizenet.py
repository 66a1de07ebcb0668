import pyxb


def prepare(place):
    pyxb.RequireValidWhenGenerating(False)
