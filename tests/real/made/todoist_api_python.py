from todoist_api_python.api import TodoistAPI
from todoist_api_python.api_async import TodoistAPIAsync

MAKERS = {
    "todoist_api_python.api.TodoistAPI": lambda place: TodoistAPI("t"),
    "todoist_api_python.api_async.TodoistAPIAsync": lambda place: TodoistAPIAsync("t"),
}
