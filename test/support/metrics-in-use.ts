import { readFileSync } from 'node:fs';

const alertsFile = new URL('../../deploy/prometheus/alerts.yml', import.meta.url);
const dashboardFile = new URL('../../deploy/grafana/dashboards/order-creation.json', import.meta.url);

export interface AlertRule {
  name: string;
  expr: string;
  severity: string;
  summary: string;
  description: string;
  runbook: string;
}

/** Our alert rules. This does not parse YAML in general, only the layout that our file has. */
export function alertRules(): AlertRule[] {
  const [, ...rules] = readFileSync(alertsFile, 'utf8').split(/^ {6}- alert: /m);
  return rules.map((text) => {
    const name = text.slice(0, text.indexOf('\n'));
    const field = (indent: number, key: string) => {
      const start = `^ {${indent}}${key}: (?:>-\\n)?`;
      const found = new RegExp(`${start}((?:.|\\n {${indent + 2}})*)`, 'm').exec(text)?.[1];
      if (found === undefined) throw new Error(`The alert ${name} has no ${key}.`);
      return found.replaceAll(/\s+/g, ' ').trim();
    };
    return {
      name,
      expr: field(8, 'expr'),
      severity: /^ {8}labels: \{ severity: (\w+) \}$/m.exec(text)?.[1] ?? '',
      summary: field(10, 'summary'),
      description: field(10, 'description'),
      runbook: field(10, 'runbook'),
    };
  });
}

export interface Panel {
  id: number;
  title: string;
  type: string;
  description?: string;
  datasource?: { type: string; uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string; refId: string; legendFormat?: string; datasource?: { type: string; uid: string } }[];
}

export interface Dashboard {
  uid: string;
  title: string;
  id: null;
  schemaVersion: number;
  panels: Panel[];
}

export function dashboard(): Dashboard {
  return JSON.parse(readFileSync(dashboardFile, 'utf8')) as Dashboard;
}

/** The expressions that Grafana sends to Prometheus. Grafana's variables are replaced by possible values. */
export function dashboardExpressions(): { panel: string; expr: string }[] {
  return dashboard().panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ panel: title, expr: expr.replaceAll('$__rate_interval', '5m') })),
  );
}

/** The names of the metrics in an expression. */
export function metricsIn(expr: string): string[] {
  return [...new Set(expr.match(/\b(?:cooco|temporal|process|nodejs)_\w+|\bup\b/g))];
}

/** The parts of an expression that select series by labels. */
export function selectorsIn(expr: string): { name: string; labels: string[] }[] {
  return [...expr.matchAll(/(\w+)\{([^}]*)\}/g)].map(([, name = '', matchers = '']) => ({
    name,
    labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)]
      .map(([, label = '']) => label)
      // Prometheus adds these labels itself.
      .filter((label) => label !== 'job' && label !== 'instance'),
  }));
}
