import pandas

MAKERS = {"=frame": lambda place: pandas.DataFrame({"total": [1]}, index=pandas.to_datetime(["2020-01-01"]))}
