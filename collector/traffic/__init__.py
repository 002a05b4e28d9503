"""Sends traps, informs and mails for `send-trap` and `simulate`. Nothing here receives; the running collector uses none of it."""
