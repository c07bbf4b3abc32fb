import { rename, rm, writeFile } from 'node:fs/promises';
import { Gauge, Registry } from 'prom-client';
import { z } from 'zod';
import { httpUrl, parseEnvironment, secret } from '../../config/environment.ts';
import { secondOf } from '../../domain/spoken-time.ts';
import { connectDirectus } from '../../integrations/directus/directus-client.ts';
import { DirectusError } from '../../integrations/directus/errors.ts';
import { createOrderList } from '../../integrations/directus/order-list.ts';
import { CommandError, print, runCommand, systemCodeOf, textTable } from '../command.ts';
import { parseCommandLine, USAGE } from './command-line.ts';
import type { ReconcileCommand } from './command-line.ts';
import { compare, findingKinds } from './compare.ts';
import type { Finding, FindingKind } from './compare.ts';
import { PartnerLedger } from './partner-ledger.ts';
import { readPartnerList, readSandbox } from './partner-list.ts';

/** Enough for a page of orders, also while Directus is busy with the orders of customers. */
const DIRECTUS_TIMEOUT_MS = 60_000;

const directusVariables = z.object({ DIRECTUS_URL: httpUrl(), DIRECTUS_TOKEN: secret() });
const sandboxVariables = z.object({ RIDENDINE_BASE_URL: httpUrl(), RIDENDINE_API_KEY: secret() });

/** `npm run reconcile`: tells where RideNDine and Directus disagree. */
async function carryOut(command: ReconcileCommand): Promise<'failed' | void> {
  const { list, time, cancelled, isJson, metricsFile } = command;
  const settings = parseEnvironment(directusVariables, process.env);
  const ledger = new PartnerLedger();
  try {
    let listed = 0;
    let twice = 0;
    for await (const order of list === 'sandbox' ? sandbox() : readPartnerList(list.file, list.format)) {
      listed += 1;
      if (!ledger.add(order)) twice += 1;
    }
    const directus = connectDirectus({
      url: settings.DIRECTUS_URL,
      token: settings.DIRECTUS_TOKEN,
      timeoutMs: DIRECTUS_TIMEOUT_MS,
    });
    const isCancelled = (status: string) => cancelled.includes(status.toUpperCase());
    const counts = new Map<FindingKind, number>();
    let here = 0;
    const onPage = (orders: number) => {
      here += orders;
    };
    for await (const finding of compare({ ledger, orders: createOrderList(directus), time, isCancelled, onPage })) {
      counts.set(finding.kind, (counts.get(finding.kind) ?? 0) + 1);
      print(isJson ? JSON.stringify({ ...finding, advice: findingKinds[finding.kind] }) : sentence(finding));
    }
    if (!isJson) print(...summary(counts, { listed, twice, here, time }));
    if (metricsFile !== undefined) await writeMetrics(metricsFile, counts);
    return counts.size > 0 ? 'failed' : undefined;
  } finally {
    ledger.close();
  }
}

function sandbox() {
  const { RIDENDINE_BASE_URL: url, RIDENDINE_API_KEY: apiKey } = parseEnvironment(sandboxVariables, process.env);
  return readSandbox({ url, apiKey });
}

function sentence({ kind, order_id, ridendine_order_id, here, there }: Finding): string {
  const facts = [
    order_id && `order ${order_id}`,
    ridendine_order_id && `RideNDine order ${ridendine_order_id}`,
    here && `here ${here}`,
    there && `there ${there}`,
  ];
  // RideNDine's list may contain control characters, which a terminal would obey.
  return `${kind}: ${facts.filter(Boolean).join(', ')}`.replaceAll(/\p{Cc}/gu, '\ufffd');
}

interface Compared {
  listed: number;
  twice: number;
  /** Our orders of the period. */
  here: number;
  time: ReconcileCommand['time'];
}

function summary(counts: Map<FindingKind, number>, { listed, twice, here, time }: Compared): string[] {
  const list = `${listed} orders in RideNDine's list${twice > 0 ? `, ${twice} of them with an id that it had before` : ''}.`;
  const since = time.since ? ` since ${secondOf(time.since.toISOString())}` : '';
  const ours = `${here} orders here, made${since} before ${secondOf(time.before.toISOString())} (UTC).`;
  if (counts.size === 0) return [list, ours, 'Both agree.'];
  const rows = [...counts].map(([kind, count]) => [kind, String(count), findingKinds[kind]]);
  return ['', list, ours, ...textTable([['FINDING', 'ORDERS', 'WHAT TO DO'], ...rows])];
}

/** For the textfile collector of Prometheus' node exporter. Renaming the file keeps it from reading half of it. */
async function writeMetrics(file: string, counts: Map<FindingKind, number>): Promise<void> {
  const registry = new Registry();
  const findings = new Gauge({
    name: 'cooco_reconciliation_findings',
    help: 'Orders about which RideNDine and Directus disagree.',
    labelNames: ['kind'],
    registers: [registry],
  });
  for (const kind of Object.keys(findingKinds) as FindingKind[]) findings.set({ kind }, counts.get(kind) ?? 0);
  new Gauge({
    name: 'cooco_reconciliation_last_timestamp_seconds',
    help: 'When they were last compared.',
    registers: [registry],
  }).set(Date.now() / 1000);
  const written = `${file}.new`;
  try {
    await writeFile(written, await registry.metrics());
    await rename(written, file);
  } catch (error) {
    await rm(written, { force: true });
    throw new CommandError(`The metrics cannot be written to ${file} (${systemCodeOf(error)}).`);
  }
}

await runCommand({ program: 'reconcile', usage: USAGE, parse: parseCommandLine, carryOut, expected: [DirectusError] });
