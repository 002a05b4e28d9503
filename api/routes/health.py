"""What machines ask without a key: `/metrics`, `/healthz`, `/readyz`. None of it holds a customer's words."""

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse

from api.auth import Tools
from api.metrics import CONTENT_TYPE, merged
from api.role_metrics import fetch_all
from api.schemas.common import Readiness

router = APIRouter(tags=["health"])


class MetricsResponse(Response):
    media_type = CONTENT_TYPE


@router.get("/metrics", operation_id="getMetrics", summary="Metrics of all roles, for Prometheus", response_class=MetricsResponse)
async def metrics(tools: Tools) -> MetricsResponse:
    """Each sample has the label `role`; `collector_role_up` tells which roles answered."""
    addresses = await run_in_threadpool(tools.role_addresses)
    texts = await fetch_all(addresses)
    return MetricsResponse(await run_in_threadpool(merged, tools.registry, texts))


@router.get("/healthz", operation_id="getHealth", summary="Does the API answer?", response_class=PlainTextResponse)
async def healthz() -> PlainTextResponse:
    """200 as long as it does."""
    return PlainTextResponse("ok\n")


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Can the collector accept durably, and is the store there?",
    response_model=Readiness,
    responses={
        200: {"content": {"application/json": {"example": {"ready": True, "reasons": []}}}},
        503: {
            "content": {"application/json": {"example": {"ready": False, "reasons": ["store_away"]}}},
            "model": Readiness,
            "description": "Not now",
        },
    },
)
def readyz(tools: Tools) -> Response:
    """`reasons` are constant words for what is missing."""
    ready, reasons = tools.readiness()
    return JSONResponse({"ready": ready, "reasons": reasons}, 200 if ready else 503)
