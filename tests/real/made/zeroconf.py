from zeroconf import ServiceInfo

MAKERS = {"ServiceInfo": lambda place: ServiceInfo("_http._tcp.local.", "a._http._tcp.local.", port=80, server="a.local.")}
