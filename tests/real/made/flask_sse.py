MAKERS = {"=order": lambda place: 1}
