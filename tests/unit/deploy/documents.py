"""Reading what is deployed: YAML in which no key stands twice, and the metrics that the page for operators documents."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from collector.config import Settings, load

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader takes the last of two equal keys; a mistake of copying stays unseen."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, f"line {node.start_mark.line + 1}: {twice} stand there twice"
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)


def production_settings() -> Settings:
    """What deploy/install installs, with a stand-in for the key that it makes."""
    text = (DEPLOY / "collector.production.toml").read_text(encoding="utf-8")
    with TemporaryDirectory() as directory:
        key, config = Path(directory) / "secret.key", Path(directory) / "collector.toml"
        key.write_text("k" * 44 + "\n", encoding="ascii")
        assert text.count('"/etc/collector/secret.key"') == 1
        config.write_text(text.replace("/etc/collector/secret.key", str(key)), encoding="utf-8")
        return load(config, {})


def documented_metrics() -> set[str]:
    """With what every Python process and Prometheus itself show."""
    page = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    ours = set(re.findall(r"^\| `(collector_\w+)` \|", page, flags=re.MULTILINE))
    return ours | {"process_resident_memory_bytes", "process_cpu_seconds_total", "up"}


def metrics_of(expression: str) -> set[str]:
    """The metrics that a PromQL expression names; label values and label lists are no metrics."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\b(?:by|without|on|ignoring)\s*\([^)]*\)', " ", expression)
    return set(re.findall(r"\b(?:collector_\w+|process_\w+|up)\b", bare))
