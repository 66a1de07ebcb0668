from typing import Any

import github3
from github3 import session
from github3.issues.issue import Issue
from github3.orgs import Organization
from github3.pulls import PullRequest
from github3.repos.repo import Repository

from tests.real.receivers import Place

PARTS = (
    "_api archive_urlt assignees_url blobs_urlt branches_urlt collaborators_urlt comments_url commits_url "
    "compare_urlt contents_urlt diff_url git_commits_urlt html_url hooks_url issues_url issue_url issues_urlt "
    "labels_url labels_urlt links members_urlt milestones_urlt patch_url pulls_urlt releases_urlt repos_url "
    "review_comments_url trees_urlt url"
)


class _Url(str):
    def expand(self, *_: Any, **__: Any) -> str:
        return str(self)


def _session(place: Place) -> session.GitHubSession:
    made = session.GitHubSession()
    made.base_url = place.url
    made.token_auth("t")
    made.basic_auth("u", "p")
    return made


def _maker(cls: type) -> Any:
    def made(place: Place) -> Any:
        it = cls.__new__(cls)
        it._session = it.session = _session(place)
        it._json_data = {}
        for part in PARTS.split():
            setattr(it, part, _Url(place.url))
        it.state, it.id, it.number, it.name, it.login, it.title, it.body = "open", 1, 1, "a", "a", "a", "a"
        it.assignees, it.original_labels, it.pull_request_urls = [], [], {"url": place.url}
        it.assignee = None
        if cls is Issue:
            it.milestone = None
        it._uniq = place.url
        return it

    return made


def _app(place: Place) -> github3.GitHub:
    client = github3.GitHub(session=_session(place))
    client.session.app_bearer_token_auth({"Authorization": "Bearer t"}, 60)
    return client


MAKERS = {
    "GitHub": _app,
    "github3.GitHub": lambda place: github3.GitHub(session=_session(place)),
    "Issue": _maker(Issue),
    "Organization": _maker(Organization),
    "PullRequest": _maker(PullRequest),
    "Repository": _maker(Repository),
}
