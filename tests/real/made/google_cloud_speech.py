from google.cloud import speech

from tests.real.made.google import client

MAKERS = {
    "speech.SpeechAsyncClient": lambda place: client(place, speech.SpeechAsyncClient),
    "speech.SpeechClient": lambda place: client(place, speech.SpeechClient),
}
