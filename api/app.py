"""The API put together: routes, errors, edge, description. What it works with is `api.tools`, how it is served `api.server`."""

from fastapi import FastAPI

from api import problems
from api.describe import DESCRIPTION, DescribedApp
from api.edge import Edge, RequestCounters
from api.metrics import CaseGauge, FeedMetrics
from api.routes import case_verbs, cases, engines, handoff, health, ledger, notifications, sources, tickets
from api.tools import ApiTools
from api.web import pages
from collector import __version__
from collector.metrics import register

__all__ = ["ApiTools", "create_app"]


def create_app(tools: ApiTools) -> FastAPI:
    """One application. Its metrics go into `tools.registry`, so a registry serves one application only."""
    app = DescribedApp(
        title="Collector",
        version=__version__,
        description=DESCRIPTION,
        servers=[{"url": tools.public_url}],
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.tools = tools
    problems.install(app)
    for routes in (cases, case_verbs, tickets, notifications, sources, engines, ledger, handoff, health):
        app.include_router(routes.router)
    pages.install(app, tools)
    counters = RequestCounters()
    register(tools.registry, counters, tools.handoff)
    tools.registry.register(CaseGauge(tools.store, tools.clock))
    tools.registry.register(FeedMetrics(tools.store))
    app.add_middleware(Edge, counters=counters)
    return app
