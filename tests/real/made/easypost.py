import easypost

MAKERS = {"ShipmentService": lambda place: easypost.EasyPostClient("k").shipment}
