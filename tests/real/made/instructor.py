import instructor
from openai import AsyncOpenAI

MAKERS = {"instructor.AsyncInstructor": lambda place: instructor.from_openai(AsyncOpenAI(api_key="k", max_retries=0))}
