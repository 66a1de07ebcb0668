"""What is known from earlier runs. ``facts.py`` keeps the facts of files, ``index.py`` says which bytes a file had, ``folder.py`` why that
can be believed. Stored answers (``txlint/answers.py``) lie in the same folder."""
