def prepare(place):
    """A request for a token is signed with a key, which a test has none of."""
    import docusign_esign.client.api_client as module

    module.jwt.encode = lambda *args, **kwargs: "signed"
