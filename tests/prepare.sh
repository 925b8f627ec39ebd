#!/bin/sh
# The page tests drive a real browser: install Debian's Chromium where that is possible and it is missing.
# Without it those tests say so and are skipped.
command -v chromium >/dev/null 2>&1 && exit 0
command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ] || { echo "no Chromium: the page tests will be skipped" >&2; exit 0; }
(apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk) >/dev/null 2>&1 \
    || echo "Chromium could not be installed: the page tests will be skipped" >&2
