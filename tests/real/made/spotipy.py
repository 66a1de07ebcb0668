import spotipy

MAKERS = {"spotipy.Spotify": lambda place: spotipy.Spotify(auth="t", retries=0)}
