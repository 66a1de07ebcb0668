import shodan

MAKERS = {"shodan.Shodan": lambda place: shodan.Shodan("k")}
