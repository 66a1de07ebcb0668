from google.cloud import texttospeech

from tests.real.made.google import client

MAKERS = {
    "texttospeech.TextToSpeechAsyncClient": lambda place: client(place, texttospeech.TextToSpeechAsyncClient),
    "texttospeech.TextToSpeechClient": lambda place: client(place, texttospeech.TextToSpeechClient),
    "texttospeech.TextToSpeechLongAudioSynthesizeAsyncClient": lambda place: client(
        place, texttospeech.TextToSpeechLongAudioSynthesizeAsyncClient
    ),
    "texttospeech.TextToSpeechLongAudioSynthesizeClient": lambda place: client(place, texttospeech.TextToSpeechLongAudioSynthesizeClient),
}
