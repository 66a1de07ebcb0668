import trello


def _client(place):
    return trello.TrelloClient("k", token="t")


def _board(place):
    return trello.Board(client=_client(place), board_id="1")


def _list(place):
    return trello.List(_board(place), "1")


MAKERS = {
    "trello.Board": _board,
    "trello.Card": lambda place: trello.Card(_list(place), "1"),
    "trello.List": _list,
    "trello.TrelloClient": _client,
}
