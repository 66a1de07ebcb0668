import pulsar

MAKERS = {
    "pulsar.Client": lambda place: pulsar.Client(
        f"pulsar://{place.host}", operation_timeout_seconds=1, logger=pulsar.ConsoleLogger(pulsar.LoggerLevel.Error)
    )
}
