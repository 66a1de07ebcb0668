from google.cloud import documentai

from tests.real.made.google import client

MAKERS = {
    "documentai.DocumentProcessorServiceAsyncClient": lambda place: client(place, documentai.DocumentProcessorServiceAsyncClient),
    "documentai.DocumentProcessorServiceClient": lambda place: client(place, documentai.DocumentProcessorServiceClient),
}
