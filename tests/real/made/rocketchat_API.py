from rocketchat_API.rocketchat import RocketChat

MAKERS = {"RocketChat": lambda place: RocketChat(user_id="1", auth_token="t", server_url=place.url)}
