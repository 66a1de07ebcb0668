from google.cloud import recaptchaenterprise

from tests.real.made.google import client

MAKERS = {
    "recaptchaenterprise.RecaptchaEnterpriseServiceAsyncClient": lambda place: client(
        place, recaptchaenterprise.RecaptchaEnterpriseServiceAsyncClient
    ),
    "recaptchaenterprise.RecaptchaEnterpriseServiceClient": lambda place: client(
        place, recaptchaenterprise.RecaptchaEnterpriseServiceClient
    ),
}
