from google.cloud import vision

from tests.real.made.google import client

MAKERS = {
    "vision.ImageAnnotatorAsyncClient": lambda place: client(place, vision.ImageAnnotatorAsyncClient),
    "vision.ImageAnnotatorClient": lambda place: client(place, vision.ImageAnnotatorClient),
    "vision.ProductSearchAsyncClient": lambda place: client(place, vision.ProductSearchAsyncClient),
    "vision.ProductSearchClient": lambda place: client(place, vision.ProductSearchClient),
}
