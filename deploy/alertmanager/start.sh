#!/bin/sh
# Starts Alertmanager with a configuration made of the variables ALERT_… (docker-compose.yml explains them).
# Secrets go into files of their own, which only this user can read. Arguments are passed on.
set -eu
umask 077

folder=$(mktemp -d)
yaml() { printf "'%s'" "$(printf %s "$1" | sed "s/'/''/g")"; }

if [ -z "${ALERT_WEBHOOK_URL:-}" ] && [ -z "${ALERT_EMAIL_TO:-}" ]; then
  echo 'Alerts would reach nobody: set ALERT_WEBHOOK_URL or ALERT_EMAIL_TO.' >&2
  exit 1
fi

{
  cat <<'END'
route:
  receiver: operators
  group_by: [alertname]
  # Alerts of one kind that fire together are one message.
  group_wait: 10s
  group_interval: 5m
  repeat_interval: 4h
receivers:
  - name: operators
END
  if [ -n "${ALERT_WEBHOOK_URL:-}" ]; then
    printf %s "$ALERT_WEBHOOK_URL" >"$folder/webhook-url"
    cat <<END
    webhook_configs:
      - url_file: $(yaml "$folder/webhook-url")
        send_resolved: true
END
  fi
  if [ -n "${ALERT_EMAIL_TO:-}" ]; then
    cat <<END
    email_configs:
      - to: $(yaml "$ALERT_EMAIL_TO")
        from: $(yaml "${ALERT_EMAIL_FROM:?set the sender of the mails}")
        smarthost: $(yaml "${ALERT_EMAIL_SERVER:?set the mail server, host:port}")
        require_tls: ${ALERT_EMAIL_TLS:-true}
        send_resolved: true
END
    if [ -n "${ALERT_EMAIL_USER:-}" ]; then
      printf %s "${ALERT_EMAIL_PASSWORD:?set the password of ALERT_EMAIL_USER}" >"$folder/email-password"
      cat <<END
        auth_username: $(yaml "$ALERT_EMAIL_USER")
        auth_password_file: $(yaml "$folder/email-password")
END
    fi
  fi
} >"$folder/alertmanager.yml"

exec alertmanager --config.file="$folder/alertmanager.yml" \
  --web.external-url="${ALERTMANAGER_PUBLIC_URL:-http://127.0.0.1:9093}" --cluster.listen-address= "$@"
