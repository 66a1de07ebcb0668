from azure.identity import ClientSecretCredential

MAKERS = {"TokenCredential": lambda place: ClientSecretCredential("tenant", "client", "secret")}
