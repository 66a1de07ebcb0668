import imaplib

from imap_tools import BaseMailBox

from tests.real import receivers


class Mailbox(BaseMailBox):
    """With a client that has greeted the server already."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self.made = client
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return self.made


MAKERS = {
    "MailBox": lambda place: Mailbox(receivers._imap(place)),
    "MailBoxUnencrypted": lambda place: Mailbox(receivers._imap(place, "NONAUTH")),
}
