from typing import Any

import gspread


def _spreadsheet(place: Any) -> Any:
    """Without what it asks for when it is opened."""
    made = gspread.Spreadsheet.__new__(gspread.Spreadsheet)
    made.client = gspread.api_key("k").http_client
    made._properties = {"id": "s", "title": "a"}
    return made


def _worksheet(place: Any) -> Any:
    grid = {"rowCount": 9, "columnCount": 9}
    properties = {"sheetId": 1, "title": "a", "index": 0, "sheetType": "GRID", "gridProperties": grid}
    book = _spreadsheet(place)
    return gspread.Worksheet(book, properties, "s", book.client)


MAKERS = {"gspread.Spreadsheet": _spreadsheet, "gspread.Worksheet": _worksheet}
