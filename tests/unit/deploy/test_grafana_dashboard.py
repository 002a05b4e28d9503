"""The dashboard is good JSON that shows metrics which exist, on panels that do not lie on each other."""

import json
import re
from typing import Any

import pytest

from tests.unit.deploy.documents import DEPLOY, documented_metrics, metrics_of

BOARD: dict[str, Any] = json.loads((DEPLOY / "grafana/collector.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
EVERY_PANEL = pytest.mark.parametrize("panel", [pytest.param(panel, id=panel["title"]) for panel in PANELS])


@EVERY_PANEL
def test_every_panel_shows_documented_metrics_of_the_chosen_collectors(panel: dict[str, Any]) -> None:
    assert panel["targets"]
    for target in panel["targets"]:
        named = metrics_of(target["expr"])
        assert named
        assert named - documented_metrics() == set()
        assert len(re.findall(r'instance=~"\$instance"', target["expr"])) >= len(named)


def test_panels_have_their_own_numbers_and_places() -> None:
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in BOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_the_data_source_is_chosen_by_whoever_looks() -> None:
    chosen = {variable["name"]: variable["type"] for variable in BOARD["templating"]["list"]}
    assert chosen == {"datasource": "datasource", "instance": "query"}
    assert {panel["datasource"]["uid"] for panel in PANELS} == {"${datasource}"}
