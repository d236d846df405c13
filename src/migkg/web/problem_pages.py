"""Problem documents as pages, for who reads them in a browser.

RFC 9457 leaves other formats to content negotiation
(https://www.rfc-editor.org/rfc/rfc9457#section-3).
"""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from migkg.web import languages, negotiation, pages
from migkg.web.problems import MEDIA_TYPE
from migkg.web.state import State, state_of

_READ = ("GET", "HEAD")
_UNFORESEEN = 500
_OFFERS = [MEDIA_TYPE, negotiation.HTML]


def negotiated(request: Request, problem: Response, state: State | None = None) -> Response:
    """The same problem as a page if a read likes HTML best and names no format, else as it is.

    The page is of the release of the request, or of ``state`` where none was found for it.

    What was not foreseen stays as it is: a page could fail for the same reason.
    """
    if problem.status_code == _UNFORESEEN or request.method not in _READ:
        return problem
    accept = [request.query_params.get("format") or ",".join(request.headers.getlist("accept"))]
    if negotiation.choose(accept, _OFFERS) != negotiation.HTML:
        return problem
    languages.answering(request.scope)
    content = json.loads(bytes(problem.body))
    page = pages.problem(state or state_of(request), content, status=problem.status_code)
    page.headers.update({**problem.headers, **page.headers})
    return page
