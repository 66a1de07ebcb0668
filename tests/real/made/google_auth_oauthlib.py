MAKERS = {"=code": lambda place: "c"}
