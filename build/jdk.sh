# Finds a JDK 25 or newer and sets JAVA_HOME to it. Sourced by ./mvnw and ./sluice.
#
# Order: SLUICE_JAVA_HOME, JAVA_HOME, the usual installation folders, the java on PATH. The first one whose
# `release` file (or, without one, `java -version`) says 25 or more wins.

sluice_jdk_feature() {
    _version=""
    if [ -r "$1/release" ]; then
        _version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release")
    fi
    if [ -z "$_version" ] && [ -x "$1/bin/java" ]; then
        _version=$("$1/bin/java" -version 2>&1 | sed -n '1s/.*version "\([0-9]*\).*/\1/p')
    fi
    echo "${_version:-0}"
}

sluice_find_jdk() {
    _seen=""
    _path_java=$(command -v java 2>/dev/null || true)
    _path_home=""
    if [ -n "$_path_java" ]; then
        _path_home=$(dirname "$(dirname "$(readlink -f "$_path_java")")")
    fi
    for _home in "${SLUICE_JAVA_HOME:-}" "${JAVA_HOME:-}" \
        /usr/lib/jvm/* /opt/java/* /opt/jdk* "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* \
        /Library/Java/JavaVirtualMachines/*/Contents/Home "$_path_home"; do
        [ -n "$_home" ] && [ -x "$_home/bin/javac" ] || continue
        _feature=$(sluice_jdk_feature "$_home")
        _seen="$_seen
  $_home (Java $_feature)"
        if [ "$_feature" -ge 25 ]; then
            JAVA_HOME=$_home
            export JAVA_HOME
            return 0
        fi
    done
    {
        echo "sluice: no JDK 25 or newer was found."
        if [ -n "$_seen" ]; then
            echo "Found, but too old:$_seen"
        fi
        echo "Install a JDK 25 (for example Temurin 25) and set JAVA_HOME to it, or set SLUICE_JAVA_HOME."
    } >&2
    return 1
}
