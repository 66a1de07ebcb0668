import tweepy
from tweepy.asynchronous import AsyncClient

KEYS = {"consumer_key": "a", "consumer_secret": "b", "access_token": "1-a", "access_token_secret": "d"}

MAKERS = {
    "tweepy.API": lambda place: tweepy.API(tweepy.OAuth1UserHandler("a", "b", "c", "d")),
    "tweepy.Client": lambda place: tweepy.Client("t", **KEYS),
    "tweepy.asynchronous.AsyncClient": lambda place: AsyncClient("t", **KEYS),
}
