# shellcheck shell=bash
# What the launcher, spark-class and local-cluster share. Sourced, never run.

# Ends the script with one line on stderr: fail EXIT_CODE MESSAGE
fail() {
  printf 'stoker: %s\n' "$2" >&2
  exit "$1"
}

# Whether the folder is the home of a Java 17.
is_java_17() {
  [[ -x $1/bin/java ]] || return 1
  if [[ -r $1/release ]]; then
    grep -q '^JAVA_VERSION="17[."]' "$1/release"
  else
    "$1/bin/java" -version 2>&1 | grep -q ' version "17[."]'
  fi
}

# Sets and exports JAVA_HOME: the one given if it is a Java 17, else that of java on the PATH, else one
# that is installed where Linux distributions put it. Spark 3.5 runs on no newer Java.
find_java() {
  local candidate on_path=""
  if command -v java >/dev/null; then
    on_path=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
  fi
  for candidate in "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/*17*; do
    if [[ -n $candidate ]] && is_java_17 "$candidate"; then
      export JAVA_HOME=$candidate
      return
    fi
  done
  fail 4 "no Java 17 found in JAVA_HOME (${JAVA_HOME:-not set}), on the PATH or in /usr/lib/jvm; install a JDK 17, or set JAVA_HOME to it"
}

# Spark binds to this machine's host name; a machine whose name does not resolve has the loopback address.
export_local_address() {
  if [[ -z ${SPARK_LOCAL_IP:-} ]] && ! getent hosts "$(uname -n)" >/dev/null 2>&1; then
    export SPARK_LOCAL_IP=127.0.0.1
  fi
}
