import praw
from praw import models


def _reddit(place):
    reddit = praw.Reddit(client_id="i", client_secret="s", username="u", password="p", user_agent="a", check_for_updates=False)
    return reddit


MAKERS = {
    "praw.Reddit": _reddit,
    "praw.models.Comment": lambda place: models.Comment(_reddit(place), id="1"),
    "praw.models.Redditor": lambda place: models.Redditor(_reddit(place), name="a"),
    "praw.models.Submission": lambda place: models.Submission(_reddit(place), id="1"),
    "praw.models.Subreddit": lambda place: models.Subreddit(_reddit(place), "a"),
}
