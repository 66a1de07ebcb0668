from okta.client import Client

MAKERS = {"Client": lambda place: Client({"orgUrl": "https://a.okta.com", "token": "t", "rateLimit": {"maxRetries": 0}})}
