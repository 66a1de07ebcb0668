MAKERS = {"=uri": lambda place: place.url}
