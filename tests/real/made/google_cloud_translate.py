from google.cloud import translate

from tests.real.made.google import client

MAKERS = {
    "translate.TranslationServiceAsyncClient": lambda place: client(place, translate.TranslationServiceAsyncClient),
    "translate.TranslationServiceClient": lambda place: client(place, translate.TranslationServiceClient),
}
