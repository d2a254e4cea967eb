#!/usr/bin/env bash
# Installs the servers that the tests of the connectors talk to, as pinned in the file beside this one,
# each from its registry into a folder of its own, named by its version, in $MILLRACE_SERVICES (or
# ~/.cache/millrace/services). What is there already is left alone; an install that is killed leaves
# nothing that looks like one. Says by name what could not be installed and why, and then exits with 1.
#
#     test/services/install.sh [gcs] [s3] [mongo] [bigquery] [postgres]     (all, where none is named)
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${MILLRACE_SERVICES:-${XDG_CACHE_HOME:-$HOME/.cache}/millrace/services}
python=${PYTHON:-python3}
go=${GO:-go}
pin() { sed -n "s/^$1=//p" "$here/pins"; }

# Each of these fills the folder $1, which appears under its name only once it is whole.
gcs() { with_go "$1" "github.com/fsouza/fake-gcs-server@v$(pin gcs)"; }
s3() { with_go "$1" "github.com/versity/versitygw/cmd/versitygw@v$(pin s3)"; }
mongo() { with_pip "$1" "secantusdb==$(pin mongo)"; }
bigquery() {
  local duckdb platform source
  duckdb=$(pin bigquery_duckdb)
  with_pip "$1" "bqemulator==$(pin bigquery)" "duckdb==$duckdb" \
    "duckdb-extension-spatial==$duckdb" numpy || return 1
  # It loads DuckDB's extensions from the home folder, where pip does not put them.
  platform=$(PYTHONPATH=$1 "$python" -c \
    'import duckdb; print(duckdb.sql("pragma platform").fetchone()[0])') || return 1
  mkdir -p "$1/home/.duckdb/extensions/v$duckdb/$platform"
  for source in "$1"/duckdb_extension_*/extensions/v"$duckdb"/*.duckdb_extension; do
    cp "$source" "$1/home/.duckdb/extensions/v$duckdb/$platform/" || return 1
  done
}
# A Postgres of this machine is used as it is, and none is started but the tests' own.
postgres() {
  local bin
  bin=$(postgres_bin) || {
    command -v apt-get >/dev/null || { because 'no Postgres is installed, and there is no apt-get'; return 1; }
    [ "$(id -u)" = 0 ] || { because 'no Postgres is installed, and apt-get needs root'; return 1; }
    # No cluster of the system's own is made or started.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
      echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update || { because 'apt-get update failed'; return 1; }
    apt-get -qq install -y --no-install-recommends -o Dpkg::Options::=--force-confold postgresql ||
      { because 'apt-get install postgresql failed'; return 1; }
    bin=$(postgres_bin) || { because 'apt-get installed no initdb'; return 1; }
  }
  mkdir -p "$1" && ln -s "$bin" "$1/bin"
}
postgres_bin() {
  local bin
  for bin in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin \
    /usr/local/opt/postgresql@*/bin "$(pg_config --bindir 2>/dev/null)" \
    "$(dirname "$(command -v initdb || echo /none/initdb)")"; do
    [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] && echo "$bin" && return 0
  done
  return 1
}

with_go() {
  command -v "$go" >/dev/null || { because "it is built with Go, and there is no $go"; return 1; }
  GOBIN="$1/bin" "$go" install "$2" || { because "go install $2 failed"; return 1; }
}
with_pip() {
  local folder=$1
  shift
  command -v "$python" >/dev/null || { because "it runs on Python, and there is no $python"; return 1; }
  "$python" -m pip --version >/dev/null 2>&1 || { because "$python has no pip"; return 1; }
  PIP_ROOT_USER_ACTION=ignore "$python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
    --no-warn-conflicts \
    --target "$folder" "$@" || { because "pip install $* failed"; return 1; }
}
because() { echo "$1" >"$reason"; }

folder_of() {
  case $1 in
    gcs) echo "fake-gcs-server-$(pin gcs)" ;;
    s3) echo "versitygw-$(pin s3)" ;;
    mongo) echo "secantusdb-$(pin mongo)" ;;
    bigquery) echo "bqemulator-$(pin bigquery)" ;;
    postgres) echo postgres ;;
    *) return 1 ;;
  esac
}

# Two installs at once wait for each other; a lock whose owner died is taken over.
lock() {
  local waited=0 owner
  until mkdir "$1" 2>/dev/null; do
    owner=$(cat "$1/pid" 2>/dev/null || echo)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then rm -rf "$1"; continue; fi
    [ $waited -lt 900 ] || { because "another install holds $1"; return 1; }
    [ $waited -gt 0 ] || echo "another install is at work on ${1##*/}, waiting"
    sleep 1
    waited=$((waited + 1))
  done
  echo $$ >"$1/pid"
}

install_one() {
  local name=$1 folder part
  folder=$cache/$(folder_of "$name")
  [ -e "$folder/bin" ] && { echo "$name: ${folder##*/} is there"; return 0; }
  lock "$folder.lock" || return 1
  part=$folder.part
  rm -rf "$part"
  if [ -e "$folder/bin" ] || { "$name" "$part" && rm -rf "$folder" && mv "$part" "$folder"; }; then
    echo "$name: ${folder##*/} is installed"
    rm -rf "$folder.lock"
    return 0
  fi
  rm -rf "$part" "$folder.lock"
  return 1
}

mkdir -p "$cache" || exit 1
reason=$(mktemp)
trap 'rm -f "$reason"' EXIT
failed=0
[ $# -gt 0 ] || set -- gcs s3 mongo bigquery postgres
for name in "$@"; do
  folder_of "$name" >/dev/null || { echo "no server is named $name"; failed=1; continue; }
  : >"$reason"
  install_one "$name" || {
    echo "$name: NOT installed: $(cat "$reason")"
    failed=1
  }
done
exit $failed
