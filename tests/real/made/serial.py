import serial

MAKERS = {"serial.Serial": lambda place: serial.serial_for_url(f"socket://{place.host}")}
