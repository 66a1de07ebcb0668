import ftplib

from tests.real import brokers

ANSWERS = {b"USER": b"331 a", b"PASS": b"230 a", b"PWD": b'257 "/"', b"CWD": b"250 a", b"SYST": b"215 UNIX", b"TYPE": b"200 a"}


def _talk(connection):
    """Lets everybody in."""
    connection.sendall(b"220 a\r\n")
    for line in connection.makefile("rb"):
        connection.sendall(ANSWERS.get(line.split()[0], b"502 a") + b"\r\n")


def prepare(place):
    ftplib.FTP.port = brokers.serve(_talk)
