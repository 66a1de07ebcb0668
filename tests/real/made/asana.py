import asana

MAKERS = {"asana.ProjectsApi": lambda place: asana.ProjectsApi(asana.ApiClient(asana.Configuration()))}
