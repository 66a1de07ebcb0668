import shopify

MAKERS = {
    "shopify.DraftOrder": lambda place: shopify.DraftOrder({"id": 1}),
    "shopify.Fulfillment": lambda place: shopify.Fulfillment({"id": 1}, {"order_id": 1}),
    "shopify.Order": lambda place: shopify.Order({"id": 1}),
}


def prepare(place):
    shopify.ApiVersion.define_version(shopify.Release("2024-01"))
    shopify.ShopifyResource.activate_session(shopify.Session("a.myshopify.com", "2024-01", "t"))
