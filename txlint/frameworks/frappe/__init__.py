"""Frappe: documents and their controllers (`documents`), what an app's ``hooks.py`` binds (`hooks`).

Facts of the framework are from frappe/frappe, versions 14 to 16: frappe/model/document.py (which hooks run, in which order),
frappe/model/base_document.py (where a controller lies), frappe/model/delete_doc.py, frappe/database/database.py (``commit`` begins
anew at once, ``rollback`` drops what waits), frappe/utils/background_jobs.py, frappe/realtime.py."""
