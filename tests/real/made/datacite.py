from datacite import DataCiteMDSClient, DataCiteRESTClient

MAKERS = {
    "datacite.DataCiteMDSClient": lambda place: DataCiteMDSClient("u", "p", "10.1", url=place.url),
    "datacite.DataCiteRESTClient": lambda place: DataCiteRESTClient("u", "p", "10.1", url=place.url),
}
