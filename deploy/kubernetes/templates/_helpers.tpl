{{- define "oc.name" -}}
{{- printf "%s-%s" .root.Release.Name .component | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{- define "oc.image" -}}
{{- printf "%s:%s" .Values.image.repository (include "oc.tag" .) -}}
{{- end }}

{{- define "oc.tag" -}}
{{- .Values.image.tag | default .Chart.AppVersion -}}
{{- end }}

{{/* By these a Deployment, a Service, a NetworkPolicy and a PodDisruptionBudget find the pods. */}}
{{- define "oc.selector" -}}
app.kubernetes.io/name: order-creation
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "oc.labels" -}}
{{ include "oc.selector" . }}
app.kubernetes.io/version: {{ include "oc.tag" .root | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{- define "oc.metadata" -}}
metadata:
  name: {{ include "oc.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "oc.labels" . | nindent 4 }}
{{- end }}

{{/* Helm reads every number as one with a fraction, and would write a million as 1e+06. */}}
{{- define "oc.text" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/*
Environment variables, from blocks of values with `settings` and `secrets`. `without`: a pattern of names that somebody
else sets.
*/}}
{{- define "oc.env" -}}
{{- $root := .root }}
{{- $without := .without | default "^$" }}
{{- $settings := dict }}
{{- $secrets := dict }}
{{- range .blocks }}
{{- $settings = mergeOverwrite $settings (.settings | default dict) }}
{{- $secrets = mergeOverwrite $secrets (.secrets | default dict) }}
{{- end }}
{{- range $name, $value := $settings }}
{{- if and (ne (toString $value) "") (not (regexMatch $without $name)) }}
- name: {{ $name }}
  value: {{ include "oc.text" $value | quote }}
{{- end }}
{{- end }}
{{- range $name, $source := $secrets }}
{{- if not (regexMatch $without $name) }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $source.name | default $root.Values.secret }}
      key: {{ $source.key | default $name }}
{{- end }}
{{- end }}
{{- end }}

{{/* The paths are those at which Temporal's Worker Controller mounts the same Secret. */}}
{{- define "oc.tlsClientEnv" }}
- name: TEMPORAL_TLS_CLIENT_CERT_PATH
  value: /etc/temporal/tls/tls.crt
- name: TEMPORAL_TLS_CLIENT_KEY_PATH
  value: /etc/temporal/tls/tls.key
{{- end }}

{{- define "oc.tlsAuthorityEnv" }}
- name: TEMPORAL_TLS_SERVER_CA_CERT_PATH
  value: /etc/temporal/tls/ca.crt
{{- end }}

{{/*
The pod: .component, .command, .env, .resources; optional .ports, .probes, .preStopSeconds, .graceSeconds, .restartPolicy,
.temporalTls (whether to mount the certificates for Temporal).
*/}}
{{- define "oc.podSpec" -}}
{{- $pods := .root.Values.pods }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $pods.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pods.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pods.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pods.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .restartPolicy }}
restartPolicy: {{ . }}
{{- end }}
{{- with .graceSeconds }}
terminationGracePeriodSeconds: {{ . }}
{{- end }}
securityContext:
  runAsNonRoot: true
  # The user of the image.
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile: { type: RuntimeDefault }
{{- if not .restartPolicy }}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "oc.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}
containers:
  - name: {{ .component }}
    image: {{ include "oc.image" .root | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    command: {{ toJson .command }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: { drop: [ALL] }
    {{- with .ports }}
    ports:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    env:
      {{- .env | nindent 6 }}
    {{- with .probes }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with .preStopSeconds }}
    # Requests still arrive until every node has heard that this pod ends.
    lifecycle: { preStop: { sleep: { seconds: {{ . }} } } }
    {{- end }}
    resources:
      {{- toYaml .resources | nindent 6 }}
    volumeMounts:
      - { name: tmp, mountPath: /tmp }
      {{- with $pods.volumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
      {{- if .temporalTls }}
      - { name: temporal-tls, mountPath: /etc/temporal/tls, readOnly: true }
      {{- end }}
volumes:
  - name: tmp
    emptyDir: { sizeLimit: 64Mi }
  {{- with $pods.volumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- if .temporalTls }}
  - name: temporal-tls
    secret: { secretName: {{ .root.Values.temporal.tls.secret }} }
  {{- end }}
{{- end }}

{{- define "oc.podMetadata" -}}
metadata:
  labels:
    {{- include "oc.labels" . | nindent 4 }}
    {{- with .root.Values.pods.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .root.Values.pods.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* The worker's metrics port, of host:port. */}}
{{- define "oc.metricsPort" -}}
{{- regexFind "[0-9]+$" .Values.worker.settings.WORKER_METRICS_ADDRESS -}}
{{- end }}

{{/* Seconds of a duration such as 15s, 2m or 1h. */}}
{{- define "oc.seconds" -}}
{{- $units := dict "s" 1 "m" 60 "h" 3600 -}}
{{- mul (regexFind "^[0-9]+" . | int) (get $units (regexFind "[smh]$" .)) -}}
{{- end }}

{{/* The ports of addresses (URLs or host:port), each once. */}}
{{- define "oc.ports" -}}
{{- $ports := list }}
{{- range . }}
{{- if . }}
{{- $host := regexReplaceAll "^https?://([^/]*).*$" . "${1}" }}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $host) }}
{{- $ports = append $ports ($port | default (ternary "80" "443" (hasPrefix "http://" .)) | int) }}
{{- end }}
{{- end }}
{{- $ports | uniq | toJson }}
{{- end }}
