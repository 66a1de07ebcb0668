from mollie.api.client import Client
from mollie.api.objects.balance import Balance
from mollie.api.objects.customer import Customer
from mollie.api.objects.order import Order
from mollie.api.objects.payment import Payment
from mollie.api.objects.profile import Profile
from mollie.api.resources.balances import BalanceReports
from mollie.api.resources.methods import ProfileMethods
from mollie.api.resources.profiles import Profiles


def _client():
    client = Client()
    client.set_api_key("test_0123456789")
    return client


MAKERS = {
    "BalanceReports": lambda place: BalanceReports(_client(), Balance({"id": "bal_1"}, _client())),
    "Customer": lambda place: Customer({"id": "cst_1"}, _client()),
    "Order": lambda place: Order({"id": "ord_1"}, _client()),
    "Payment": lambda place: Payment({"id": "tr_1"}, _client()),
    "ProfileMethods": lambda place: ProfileMethods(_client(), Profile({"id": "pfl_1"}, _client())),
    "Profiles": lambda place: Profiles(_client()),
}
