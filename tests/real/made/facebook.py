import facebook

MAKERS = {"facebook.GraphAPI": lambda place: facebook.GraphAPI("t")}
