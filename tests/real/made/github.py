import importlib

from github import Auth, Github, GithubIntegration

NAMES = [
    "AuthenticatedUser",
    "Branch",
    "CheckRun",
    "Commit",
    "ContentFile",
    "Deployment",
    "Gist",
    "GitRef",
    "GitRelease",
    "Hook",
    "Issue",
    "IssueComment",
    "Label",
    "Milestone",
    "NamedUser",
    "Organization",
    "PullRequest",
    "PullRequestComment",
    "PullRequestReview",
    "Repository",
    "Team",
    "Workflow",
    "WorkflowRun",
]


def _client(place):
    return Github(auth=Auth.Token("t"), base_url=place.url, retry=None, seconds_between_requests=None, seconds_between_writes=None)


def _thing(name):
    def maker(place):
        cls = getattr(importlib.import_module(f"github.{name}"), name)
        known = dict.fromkeys(("artifacts_url", "cancel_url", "comments_url", "issue_url", "jobs_url", "rerun_url", "upload_url"), "/x/1")
        return cls(_client(place).requester, {}, {"url": "/x", "name": "a", "id": 1, "node_id": "1"} | known)

    return maker


MAKERS = {
    "github.Github": _client,
    "github.GithubIntegration": lambda place: GithubIntegration(auth=Auth.AppAuth(1, sign_func=lambda *_: "t"), base_url=place.url),
} | {f"github.{name}.{name}": _thing(name) for name in NAMES}
