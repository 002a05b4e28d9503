"""The settings of the collector: one frozen value, read once at the start from a TOML file and the environment.

Where the values are used is not decided here, and nothing here opens a socket or a store.
"""

from collector.config.address import ListenAddress
from collector.config.load import load
from collector.config.model import (
    MOST_RECEIVERS,
    ApiSettings,
    JournalSettings,
    LogSettings,
    MetricsListen,
    MetricsSettings,
    ProcessSettings,
    Role,
    RuleSettings,
    Settings,
    SlaSettings,
    SmtpSettings,
    SnmpSettings,
    StoreSettings,
)

__all__ = [
    "MOST_RECEIVERS",
    "ApiSettings",
    "JournalSettings",
    "ListenAddress",
    "LogSettings",
    "MetricsListen",
    "MetricsSettings",
    "ProcessSettings",
    "Role",
    "RuleSettings",
    "Settings",
    "SlaSettings",
    "SmtpSettings",
    "SnmpSettings",
    "StoreSettings",
    "load",
]
