#!/usr/bin/env bash
# Makes sure that what the tests need from the system is here: PostgreSQL's server programs, Chromium, a Chinese font and
# emoji, and a C compiler for the race detector. Installs Debian packages where it may; otherwise says what to install and fails.
set -uo pipefail

has_postgres() { ls /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb /opt/homebrew/opt/postgresql@*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null; }
has_chromium() { [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; }
has_font() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn 2>/dev/null | head -n 1)" ]; }
has_emoji() { command -v fc-list >/dev/null && [ -n "$(fc-list ':charset=1f44d' 2>/dev/null | head -n 1)" ]; }
has_compiler() { command -v gcc >/dev/null || command -v cc >/dev/null; }

want=()
[ "${YINGDA_TEST_SKIP_POSTGRES:-}" = 1 ] || has_postgres || want+=(postgresql)
has_chromium || want+=(chromium)
has_font || want+=(fonts-noto-cjk fontconfig)
has_emoji || want+=(fonts-noto-color-emoji)
has_compiler || want+=(gcc libc6-dev)
command -v curl >/dev/null || want+=(curl) # runs the commands of docs/protocol.md
[ ${#want[@]} = 0 ] && exit 0

sudo=()
if [ "$(id -u)" != 0 ]; then
	if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo=(sudo -n); else sudo=(false); fi
fi
if ! command -v apt-get >/dev/null || [ "${sudo[*]:-}" = false ]; then
	echo "The tests need these Debian packages (or the like of your system), and this script may not install them:" >&2
	echo "    sudo apt-get install --no-install-recommends ${want[*]}" >&2
	echo "YINGDA_TEST_SKIP_POSTGRES=1 leaves PostgreSQL's tests out." >&2
	exit 1
fi
echo "installing Debian packages: ${want[*]}"
export DEBIAN_FRONTEND=noninteractive
install() { ${sudo[@]+"${sudo[@]}"} apt-get install -y -qq --no-install-recommends "${want[@]}" >/dev/null; }
install 2>/dev/null || { ${sudo[@]+"${sudo[@]}"} apt-get update -qq && install; }
