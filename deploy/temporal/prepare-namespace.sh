#!/bin/sh
# Makes sure of the namespace and of its search attributes. Done again, it changes nothing.
# From the environment: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, RETENTION, SEARCH_ATTRIBUTES (names of type Keyword).
set -eu

# The server accepts calls some seconds after it has opened its port.
attempts=60
until temporal operator cluster health >/dev/null 2>&1; do
  attempts=$((attempts - 1))
  if [ "$attempts" -eq 0 ]; then
    echo "Temporal at $TEMPORAL_ADDRESS is not serving: its log says why." >&2
    exit 1
  fi
  sleep 1
done

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  echo "Namespace $TEMPORAL_NAMESPACE is there"
else
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
fi

# A namespace that was just made is not known to every part of the server at once.
attempts=60
until registered=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE"); do
  attempts=$((attempts - 1))
  [ "$attempts" -gt 0 ] || exit 1
  sleep 1
done

for name in $SEARCH_ATTRIBUTES; do
  if echo "$registered" | grep -qw "$name"; then
    echo "Search attribute $name is there"
  else
    temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword
  fi
done
