from saq import Queue

MAKERS = {"RedisQueue": lambda place: Queue.from_url(f"redis://{place.host}/0")}
