#!/bin/sh
# The page tests drive a real browser and the format tests read what a real office suite writes: install Debian's Chromium
# and LibreOffice where that is possible and they are missing. Without them those tests say so and are skipped.
wanted=""
command -v chromium >/dev/null 2>&1 || wanted="$wanted chromium fonts-noto-cjk"
command -v soffice >/dev/null 2>&1 || wanted="$wanted libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui"
[ -n "$wanted" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
    echo "cannot install$wanted: the tests that need them will be skipped" >&2
    exit 0
fi
# shellcheck disable=SC2086
(apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted) >/dev/null 2>&1 \
    || echo "could not install$wanted: the tests that need them will be skipped" >&2
exit 0
