from types import SimpleNamespace

from quickbooks import QuickBooks
from quickbooks.objects import Invoice
from quickbooks.objects.recurringtransaction import RecurringTransaction


def _client(place):
    auth = SimpleNamespace(environment="sandbox", access_token="t", client_id="c", refresh_token="r")
    return QuickBooks(auth_client=auth, refresh_token="r", company_id="1", minorversion=75)


def _saved(kind):
    made = kind()
    made.Id, made.SyncToken = "1", "0"
    return made


MAKERS = {
    "QuickBooks": _client,
    "RecurringTransaction": lambda place: _saved(RecurringTransaction),
    "Invoice": lambda place: _saved(Invoice),
}
