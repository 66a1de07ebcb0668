import pandas

MAKERS = {"=frame": lambda place: pandas.DataFrame({"total": [1]})}
