from selenium.webdriver import ChromeOptions
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement

from tests.real.receivers import Place


class _Driver(WebDriver):
    """One that has a browser already."""

    def start_session(self, capabilities: dict[str, object]) -> None:
        self.session_id = "a"
        self.caps = {}


def _driver(place: Place) -> WebDriver:
    return _Driver(command_executor=RemoteConnection(place.url), options=ChromeOptions())


MAKERS = {"WebDriver": _driver, "WebElement": lambda place: WebElement(_driver(place), "a")}
