"""A task as a worker runs it: with a request of its own."""

from celery.exceptions import Retry


def retried(task):
    task.push_request(args=(), kwargs={}, id="1", called_directly=False, retries=0, delivery_info={"exchange": "", "routing_key": "celery"})
    try:
        task.run()
    except Retry:
        pass
    finally:
        task.pop_request()
