# shellcheck shell=bash
# Functions that the launcher, spark-class and local-cluster share. It is sourced, not run.

# Ends the script with one line on stderr: fail EXIT_CODE MESSAGE
fail() {
  printf 'stoker: %s\n' "$2" >&2
  exit "$1"
}

# The versions of Java that a line of Spark runs on, as text. Spark 3.5 has an older Hadoop, which Java 24 and later end.
javas() {
  case $1 in
    4) printf '17, 21 or 25 (from 25.0.3)' ;;
    build) printf 17 ;;
    *) printf '17 or 21' ;;
  esac
}

# Prints the version of the Java in a folder, such as 17.0.15; nothing if there is none.
java_version() {
  [[ -x $1/bin/java ]] || return 0
  if [[ -r $1/release ]]; then
    sed -n 's/^JAVA_VERSION="\(.*\)"$/\1/p' "$1/release"
  else
    "$1/bin/java" -version 2>&1 | sed -n 's/.* version "\([^"]*\)".*/\1/p' | head -n 1
  fi
}

# runs_on VERSION LINE: whether a line of Spark runs on a version of Java; the LINE build is that of Stoker's own build.
runs_on() {
  case $1 in
    17 | 17.*) ;;
    21 | 21.*) [[ $2 != build ]] ;;
    25 | 25.0.[0-2] | 25.0.[0-2].*) return 1 ;; # Spark needs the fix of JDK-8377811.
    25.*) [[ $2 == 4 ]] ;;
    *) return 1 ;;
  esac
}

# find_java LINE: sets and exports JAVA_HOME: the one given if it is a Java that this line of Spark runs on, else that of
# java on the PATH, else one that is installed where Linux distributions put it, a Java 17 first. Says so where it is not
# the one given.
find_java() {
  local candidate on_path="" given=""
  [[ -z ${JAVA_HOME:-} ]] || given=$(java_version "$JAVA_HOME")
  if command -v java >/dev/null; then
    on_path=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
  fi
  for candidate in "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/*17* /usr/lib/jvm/*21* /usr/lib/jvm/*25*; do
    if [[ -n $candidate ]] && runs_on "$(java_version "$candidate")" "$1"; then
      [[ -z ${JAVA_HOME:-} || $JAVA_HOME == "$candidate" ]] ||
        printf 'stoker: JAVA_HOME=%s is %s, and Spark %s needs Java %s; using %s\n' \
          "$JAVA_HOME" "${given:+Java }${given:-no Java}" "$1" "$(javas "$1")" "$candidate" >&2
      export JAVA_HOME=$candidate
      return
    fi
  done
  fail 4 "no Java $(javas "$1") for Spark $1 found in JAVA_HOME (${JAVA_HOME:-not set}${given:+, Java $given}), on the PATH or in /usr/lib/jvm; install a JDK 17, or set JAVA_HOME to it"
}

# Exports a locale in which Java reads file names and arguments as UTF-8 and writes numbers with Latin digits: Java
# decides that by LC_ALL when it starts, and no option of Java changes it. Names outside ASCII are lost otherwise.
export_locale() {
  local candidate
  # A system without the command (a small container) has C.UTF-8.
  if command -v locale >/dev/null; then
    for candidate in C.UTF-8 en_US.UTF-8 $(locale -a 2>/dev/null | grep -iE 'utf-?8$'); do
      if [[ $(env LC_ALL="$candidate" locale charmap 2>/dev/null) == UTF-8 ]]; then
        export LC_ALL=$candidate
        return
      fi
    done
  fi
  export LC_ALL=C.UTF-8
}

# Spark binds to this machine's host name. If that does not resolve, it binds to the loopback address instead.
export_local_address() {
  if [[ -z ${SPARK_LOCAL_IP:-} ]] && ! getent hosts "$(uname -n)" >/dev/null 2>&1; then
    export SPARK_LOCAL_IP=127.0.0.1
  fi
}

# The version of Scala that the Spark in a folder is built with; nothing where there is no Spark.
spark_scala() {
  local jar
  jar=$(compgen -G "$1/jars/spark-core_*.jar" | head -n 1) || return 0
  jar=${jar##*/spark-core_}
  printf '%s' "${jar%%-*}"
}

# The line of the Spark in a folder, 3.5 or 4; nothing where Stoker is not built for it.
spark_line() {
  if compgen -G "$1/jars/spark-core_2.12-3.5.*.jar" >/dev/null; then
    printf 3.5
  elif compgen -G "$1/jars/spark-core_2.13-4.[1-3].*.jar" >/dev/null; then
    printf 4
  fi
}

# The folder that the build of a line writes to, in each module; fails for an unknown line.
build_folder() {
  case $1 in
    3.5) printf target ;;
    4) printf target-spark-4 ;;
    *) return 1 ;;
  esac
}

# The folder of the distribution for a line, which names Spark and Scala; fails for an unknown line.
distribution_folder() {
  case $1 in
    3.5) printf stoker_3.5_2.12 ;;
    4) printf stoker_4_2.13 ;;
    *) return 1 ;;
  esac
}

# file_uri PATH: prints the URI of a file, whatever characters its name has; Log4j finds a file by it.
file_uri() {
  local LC_ALL=C uri=file: i byte code
  for ((i = 0; i < ${#1}; i++)); do
    byte=${1:i:1}
    if [[ $byte != [A-Za-z0-9/._~-] ]]; then
      printf -v code %d "'$byte"
      printf -v byte '%%%02X' $((code & 255))
    fi
    uri+=$byte
  done
  printf '%s' "$uri"
}

# quote WORD...: prints the words as a string of Java options.
quote() {
  local word
  for word; do
    word=${word//\\/\\\\}
    printf '"%s" ' "${word//\"/\\\"}"
  done
}

# find_archive DISTRIBUTION [JAVA_OPTIONS]...: sets archive_options=(...) to those that start Java from the archive that
# archive-classes has made, and to none where there is no whole one, or where the user's options load an agent.
find_archive() {
  local file=$1/classes.jsa agent='-(javaagent|agentlib|agentpath):|-Xrun|FlightRecord'
  shift
  archive_options=()
  # Java 17 dies where an agent or a flight recording is shown an archived class that its jar has for newer versions of
  # Java only. Log4j has one.
  [[ ! "$* ${JAVA_TOOL_OPTIONS:-} ${JDK_JAVA_OPTIONS:-} ${_JAVA_OPTIONS:-}" =~ $agent ]] || return 0
  # Java maps the file, and dies of SIGBUS where one was cut (an incomplete copy, a disk that was full).
  [[ -f $file && -f $file.size && $(stat -L -c %s "$file") == "$(<"$file.size")" ]] || return 0
  # Java ignores an archive that does not fit, and the other options keep it from saying so.
  archive_options=("-XX:SharedArchiveFile=$file" -Xlog:cds=off -Xlog:cds+dynamic=off)
}

# find_sources HOME EXPRESSION...: runs find on the files and folders of a checkout that the distribution is made from.
find_sources() {
  local home=$1
  shift
  find "$home"/pom.xml "$home"/{base,models,engines,data-pipeline,worker,driver,integrations,deploy}{,/*}/pom.xml \
    "$home"/{base,worker}/src/main "$home"/{models,engines,data-pipeline,driver,integrations}/*/src/main "$home"/driver/exchange/src/spark-* \
    "$home"/{stoker,deploy/bin,deploy/logging,examples/mnist} "$@" 2>/dev/null
}

# sources_are_newer HOME FILE: whether one of the sources changed after the file.
sources_are_newer() {
  [[ -n $(find_sources "$1" -newer "$2" -print -quit) ]]
}

# sources_digest HOME: prints a SHA-256 of the sources, by name and content.
sources_digest() {
  (cd "$1" && find_sources . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum | cut -d ' ' -f 1
}
