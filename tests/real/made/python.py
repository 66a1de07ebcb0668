import poplib

from tests.real import brokers
from tests.real.receivers import Place


def _mailbox(place: Place) -> poplib.POP3:
    """One that has said who it is already."""
    mailbox = poplib.POP3.__new__(poplib.POP3)
    mailbox.encoding = "UTF-8"
    mailbox._debugging = 0
    mailbox.sock = brokers.connected(place.port)
    mailbox.file = mailbox.sock.makefile("rb")
    return mailbox


MAKERS = {"poplib.POP3": _mailbox}
