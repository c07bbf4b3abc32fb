import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import pWaitFor from 'p-wait-for';
import { z } from 'zod';
import { freePort } from '../support/free-port.ts';
import { COMPOSE_LOADING_MS, developmentEnvironment, loadComposeProject } from '../support/compose-project.ts';
import { ALERTMANAGER_VERSION, findAlertmanager } from '../support/find-alertmanager.ts';
import { findPrometheus } from '../support/find-prometheus.ts';
import { startHttpServer, startTcpServer } from '../support/loopback-servers.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const script = `${root}deploy/alertmanager/start.sh`;

/** The first run builds Alertmanager and Prometheus. */
const BUILDING_MS = 15 * 60_000;
/** Alertmanager gathers alerts for 10 s before it sends them. */
const SENDING_MS = 60_000;

let alertmanagerFolder: string;
let prometheusFolder: string;
let folder: string;
const running: { kill(): boolean; exitCode: Promise<number | undefined> }[] = [];

beforeAll(async () => {
  alertmanagerFolder = await findAlertmanager(process.env);
  prometheusFolder = await findPrometheus(process.env);
  folder = await mkdtemp(path.join(tmpdir(), 'alerts-'));
}, BUILDING_MS);
afterAll(async () => {
  for (const program of running) program.kill();
  await Promise.all(running.map(({ exitCode }) => exitCode));
  await rm(folder, { recursive: true, force: true });
});

describe('the profile alerts of docker-compose.yml', () => {
  it(
    'has the Alertmanager that is tested here, started by the script, where Prometheus looks for it',
    async () => {
      const environmentFile = path.join(folder, 'alerts.env');
      const development = await readFile(developmentEnvironment, 'utf8');
      await writeFile(environmentFile, development.replace(/^COMPOSE_PROFILES=.*$/m, 'COMPOSE_PROFILES=alerts'));
      const { services } = await loadComposeProject(environmentFile);
      const service = services['alertmanager'];

      expect(service?.image).toBe(`prom/alertmanager:v${ALERTMANAGER_VERSION}`);
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
      expect(service?.entrypoint).toEqual(['/bin/sh', '/etc/order-creation/start.sh']);
      expect(service?.volumes).toMatchObject([
        { type: 'bind', source: path.dirname(script), target: '/etc/order-creation' },
        { type: 'volume', target: '/alertmanager' },
      ]);
      const asked = (await readFile(script, 'utf8')).matchAll(/\$\{(ALERT\w+)/g);
      expect(new Set(Object.keys(service?.environment ?? {}))).toEqual(new Set([...asked].map(([, name]) => name)));
      expect(await readFile(`${root}deploy/prometheus/prometheus.yml`, 'utf8')).toContain(
        `names: [alertmanager.], type: A, port: ${service?.ports[0]?.target}`,
      );
    },
    COMPOSE_LOADING_MS,
  );

  it('refuses to start where alerts would reach nobody', async () => {
    const { exitCode, stderr } = await execa('/bin/sh', [script], { env: {}, reject: false });

    expect(exitCode).toBe(1);
    expect(stderr).toContain('set ALERT_WEBHOOK_URL or ALERT_EMAIL_TO');
  });

  it(
    'brings an alert from Prometheus to a webhook, and by mail',
    async () => {
      const webhook = await startHttpServer((response) => response.end());
      const mail = await startMailServer();
      const alertmanagerUrl = await startAlertmanager({
        ALERT_WEBHOOK_URL: `${webhook.url}/alerts?token=a'b`,
        ALERT_EMAIL_TO: 'on-call@example.com',
        ALERT_EMAIL_FROM: "Alerts of 'orders' <alerts@example.com>",
        ALERT_EMAIL_SERVER: mail.address,
        ALERT_EMAIL_TLS: 'false',
      });
      await startPrometheus(alertmanagerUrl);

      await pWaitFor(() => webhook.requests.length > 0 && mail.messages.length > 0, {
        timeout: SENDING_MS,
        interval: 200,
      });

      const [request] = webhook.requests;
      expect(request).toMatchObject({ method: 'POST', path: "/alerts?token=a'b" });
      const { status, alerts } = webhookSchema.parse(JSON.parse(String(request?.body)));
      expect(status).toBe('firing');
      expect(alerts.map(({ labels }) => [labels['alertname'], labels['severity']])).toContainEqual([
        expect.stringMatching(/^(Worker|Gateway)MetricsMissing$/),
        'critical',
      ]);
      expect(mail.messages[0]).toMatch(/^To: on-call@example.com\r?$/m);
      expect(mail.messages[0]).toMatch(/^Subject: .*(Worker|Gateway)MetricsMissing/m);
      await webhook.close();
      await mail.close();
    },
    SENDING_MS + 30_000,
  );
});

const webhookSchema = z.object({
  status: z.string(),
  alerts: z.array(z.object({ labels: z.record(z.string(), z.string()) })),
});

async function startAlertmanager(variables: Record<string, string>): Promise<string> {
  const address = `127.0.0.1:${await freePort()}`;
  const args = [`--storage.path=${path.join(folder, 'alertmanager')}`, `--web.listen-address=${address}`];
  const env = { PATH: `${alertmanagerFolder}:${process.env['PATH']}`, TMPDIR: folder, ...variables };
  const program = execa('/bin/sh', [script, ...args], { env, extendEnv: false, reject: false });
  running.push({ kill: () => program.kill(), exitCode: program.then(({ exitCode }) => exitCode) });
  await untilReady(`http://${address}/-/ready`);
  return address;
}

/** Starts Prometheus with our rules, except that an alert fires at once. None of its targets exists. */
async function startPrometheus(alertmanager: string): Promise<void> {
  const configuration = path.join(folder, 'prometheus');
  await cp(`${root}deploy/prometheus`, configuration, { recursive: true });
  const change = async (name: string, changed: (text: string) => string) => {
    const file = path.join(configuration, name);
    await writeFile(file, changed(await readFile(file, 'utf8')));
  };
  await change('alerts.yml', (text) => text.replaceAll(/^( +for:) .*$/gm, '$1 0s'));
  await change('prometheus.yml', (text) =>
    text
      .replace('evaluation_interval: 15s', 'evaluation_interval: 1s')
      .replace(
        /dns_sd_configs: \[\{ names: \[alertmanager\.\].*$/m,
        `static_configs: [{ targets: ['${alertmanager}'] }]`,
      )
      .replace(/^scrape_configs:[\s\S]*$/m, 'scrape_configs: []\n'),
  );
  const address = `127.0.0.1:${await freePort()}`;
  const args = [
    `--config.file=${path.join(configuration, 'prometheus.yml')}`,
    `--storage.tsdb.path=${path.join(folder, 'prometheus-data')}`,
    `--web.listen-address=${address}`,
    // Prometheus finds Alertmanager after the first alert, and would send that alert again only after a minute.
    '--rules.alert.resend-delay=1s',
  ];
  const program = execa(path.join(prometheusFolder, 'prometheus'), args, { reject: false });
  running.push({ kill: () => program.kill(), exitCode: program.then(({ exitCode }) => exitCode) });
  await untilReady(`http://${address}/-/ready`);
}

async function untilReady(url: string): Promise<void> {
  const isReady = () =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
  await pWaitFor(isReady, { timeout: 30_000, interval: 100 });
}

/** Starts a mail server that takes every mail. */
async function startMailServer() {
  const messages: string[] = [];
  const server = await startTcpServer((socket: Socket) => {
    let unread = '';
    let isData = false;
    socket.on('error', () => {});
    socket.write('220 mail\r\n');
    socket.on('data', (chunk) => {
      unread += chunk.toString();
      for (;;) {
        const end = unread.indexOf(isData ? '\r\n.\r\n' : '\r\n');
        if (end === -1) return;
        const text = unread.slice(0, end);
        unread = unread.slice(end + (isData ? 5 : 2));
        if (isData) messages.push(text);
        const wantsData = !isData && text.toUpperCase() === 'DATA';
        isData = wantsData;
        socket.write(wantsData ? '354 go on\r\n' : text.toUpperCase() === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n');
      }
    });
  });
  const { host } = new URL(server.url);
  return { messages, address: host, close: () => server.close() };
}
