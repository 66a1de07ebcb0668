from simple_salesforce import Salesforce, SFType


def _client(place):
    return Salesforce(instance="a.example", session_id="s")


MAKERS = {
    "simple_salesforce.SFType": lambda place: SFType("Contact", "s", "a.example"),
    "simple_salesforce.Salesforce": _client,
    "simple_salesforce.bulk.SFBulkType": lambda place: _client(place).bulk.Contact,
    "simple_salesforce.bulk2.SFBulk2Type": lambda place: _client(place).bulk2.Contact,
}
