import { randomUUID } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { storeOrders } from '../../bench/stored-orders.ts';
import { createOrdersStore } from '../../src/integrations/directus/orders-store.ts';
import { createRideNDineClient } from '../../src/integrations/ridendine/ridendine-client.ts';
import { programFile } from '../../stack/program-file.ts';
import { newCheckout } from '../support/builders.ts';
import { directusCaller } from '../support/directus-http.ts';
import { writeLinkedOrder } from '../support/linked-order.ts';
import { connectToPostgres } from '../support/postgres-session.ts';
import type { PostgresSession } from '../support/postgres-session.ts';
import { DIRECTUS_START_TIMEOUT_MS, startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';
import { seconds, table, writeFigures } from '../support/reliability-page.ts';
import { runProgram } from '../support/run-program.ts';
import { startSandbox } from '../support/running-sandbox.ts';

/** The heap that the program may use, however long the list is. If that is not enough, Node ends the program. */
const HEAP_MB = 64;

/** A million with RECONCILE_ORDERS=1000000. */
const MANY = Number(process.env['RECONCILE_ORDERS'] ?? 20_000);

let directus: PreparedDirectus;
let folder: string;

beforeAll(async () => {
  directus = await startPreparedDirectus();
  folder = await mkdtemp(path.join(tmpdir(), 'reconcile-test-'));
}, DIRECTUS_START_TIMEOUT_MS);
afterAll(async () => {
  await directus.stop();
  await rm(folder, { recursive: true });
});

interface Order {
  id: string;
  ridendine_order_id: string | null;
  payment_session_id: string | null;
}

async function addOrder(fields: Record<string, unknown> = {}): Promise<Order> {
  const order = {
    id: randomUUID(),
    status: 'PENDING_PAYMENT',
    payment_status: 'PENDING',
    idempotency_key: randomUUID(),
    totals: { total: 1200, currency: 'USD' },
    ridendine_order_id: `rnd_${randomUUID()}`,
    payment_session_id: `ps_${randomUUID()}`,
    ...fields,
  };
  const call = directusCaller({ url: directus.url, token: directus.adminToken });
  expect((await call('POST', '/items/orders', order)).status).toBe(200);
  return order;
}

const HEAD = 'ridendine_order_id,external_order_id,payment_session_id,total,currency,status';

function line(order: Order, changes: Partial<Record<string, string>> = {}): string {
  const columns = { ...order, external_order_id: order.id, total: '1200', currency: 'USD', status: 'OPEN', ...changes };
  return HEAD.split(',')
    .map((name) => columns[name as keyof typeof columns] ?? '')
    .join(',');
}

async function listOf(lines: string[], head = HEAD): Promise<string> {
  const file = path.join(folder, `${randomUUID()}.csv`);
  await writeFile(file, [head, ...lines, ''].join('\n'));
  // The system's own time of a file may be some milliseconds early, before an order that was made just before.
  const now = new Date();
  await utimes(file, now, now);
  return file;
}

/** The ids of an order that RideNDine has. */
function there(id: string) {
  return { ridendine_order_id: id, payment_session_id: 'ps_there' };
}

function reconcile(args: string[], environment: Record<string, string> = {}) {
  const { url: DIRECTUS_URL, token: DIRECTUS_TOKEN } = directus;
  return runProgram('reconcile', args, { DIRECTUS_URL, DIRECTUS_TOKEN, ...environment });
}

async function findingsIn(file: string, ...more: string[]): Promise<Record<string, unknown>[]> {
  const { exitCode, stdout, stderr } = await reconcile(['--partner', file, '--json', ...more]);
  expect(stderr).toBe('');
  const findings = stdout.split('\n').flatMap((text) => (text ? [JSON.parse(text) as Record<string, unknown>] : []));
  expect(exitCode).toBe(findings.length > 0 ? 1 : 0);
  return findings;
}

async function removeAll(): Promise<void> {
  const session = await connectToPostgres(directus.postgres);
  await session.sql('DELETE FROM order_items; DELETE FROM orders');
  await session.close();
}

describe('npm run reconcile', () => {
  it('agrees where both have the same, and says where they do not, what to do, and nothing else', async () => {
    const [good, lost, linkless, failed, cancelled, other, dear, twice] = [
      await addOrder(),
      await addOrder(),
      await addOrder({ status: 'NEEDS_REVIEW', ridendine_order_id: null, payment_session_id: null }),
      await addOrder({ status: 'FAILED', ridendine_order_id: null, payment_session_id: null }),
      await addOrder({ status: 'CONFIRMED' }),
      await addOrder(),
      await addOrder(),
      await addOrder(),
    ];
    const unfinished = await addOrder({ ridendine_order_id: null, payment_session_id: null });
    const all = [
      line(good),
      line({ ...linkless, ...there('rnd_linkless') }),
      line({ ...failed, ...there('rnd_failed') }),
      line(cancelled, { status: 'Cancelled' }),
      line({ ...other, ...there('rnd_other') }),
      line(dear, { total: '1300' }),
      line(twice),
      line({ ...twice, ...there('rnd_twice') }),
      line({ id: 'someone-elses', ...there('rnd_strange') }),
      line({ id: 'nothing-came-of-it', ...there('rnd_void') }, { status: 'CANCELLED' }),
    ];

    const findings = await findingsIn(await listOf(all));

    const brief = findings.map(({ kind, order_id, ridendine_order_id }) =>
      [kind, order_id, ridendine_order_id].join(' '),
    );
    expect(brief.toSorted()).toEqual(
      [
        ['missing at RideNDine', lost.id, lost.ridendine_order_id],
        ['not linked here', linkless.id, 'rnd_linkless'],
        ['ended here', failed.id, 'rnd_failed'],
        ['cancelled there', cancelled.id, cancelled.ridendine_order_id],
        ['other ids', other.id, undefined],
        ['other total', dear.id, dear.ridendine_order_id],
        ['ordered twice', twice.id, undefined],
        ['missing here', undefined, 'rnd_strange'],
      ]
        .map((expected) => expected.join(' '))
        .toSorted(),
    );
    expect(findings.find(({ kind }) => kind === 'other total')).toMatchObject({
      here: '12.00 USD',
      there: '13.00 USD',
    });
    for (const { advice } of findings) expect(advice).toEqual(expect.stringMatching(/\.$/));
    for (const { id } of [good, unfinished]) expect(JSON.stringify(findings)).not.toContain(id);
  }, 60_000);

  it('compares with the orders of the sandbox', async () => {
    await removeAll();
    const sandbox = await startSandbox();
    const settings = { RIDENDINE_BASE_URL: sandbox.url, RIDENDINE_API_KEY: sandbox.apiKey };
    const partner = createRideNDineClient({ baseUrl: sandbox.url, apiKey: sandbox.apiKey, timeoutMs: 5000 });
    try {
      const [orderId, checkout] = [randomUUID(), newCheckout()];
      const link = await partner.createOrder({ orderId, body: partner.orderBody(orderId, checkout) });
      await addOrder({ id: orderId, ...link, totals: checkout.totals });
      const lost = await addOrder();

      const { exitCode, stdout } = await reconcile(['--from-sandbox', '--json'], settings);
      const wrong = await reconcile(['--from-sandbox'], { ...settings, RIDENDINE_API_KEY: 'another-key' });

      expect(exitCode).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({ kind: 'missing at RideNDine', order_id: lost.id });
      expect(wrong).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('(401): check RIDENDINE_BASE_URL') });
    } finally {
      await sandbox.close();
    }
  }, 60_000);

  it('reads the list as RideNDine calls its columns, and tells a person in a table', async () => {
    await removeAll();
    const order = await addOrder();
    const file = await listOf([`${order.ridendine_order_id};1200.5`, ''], 'Id;Amount');
    const named = ['--partner', file, '--delimiter', ';', '--columns', 'ridendine_order_id=Id'];

    const good = await reconcile(named);
    const bad = await reconcile([...named, '--columns', 'ridendine_order_id=Id,total=Amount']);
    const unknown = await reconcile(['--partner', file]);
    const strange = await listOf([`${order.ridendine_order_id};0`, 'rnd_of_nobody;0', ''], 'Id;Amount');
    const other = await reconcile(['--partner', strange, '--delimiter', ';', '--columns', 'ridendine_order_id=Id']);

    expect(good).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(
        /^1 orders in RideNDine's list\.\n1 orders here, made before \S+ \S+ \(UTC\)\.\nBoth agree\.$/,
      ),
      stderr: '',
    });
    expect(other.stdout).toContain("2 orders in RideNDine's list.\n1 orders here, made before ");
    expect(bad).toMatchObject({
      exitCode: 1,
      stderr: `${file}, line 2: the total has to be a whole number of minor units, such as cents.`,
    });
    expect(unknown.stderr).toContain('The first line of the list names no column "ridendine_order_id".');
    expect(unknown.stderr).not.toContain('Amount');

    const missing = await reconcile(['--partner', await listOf([])]);
    expect(missing.exitCode).toBe(1);
    expect(missing.stdout).toMatch(/^missing at RideNDine: order .*, RideNDine order rnd_.*, here PENDING_PAYMENT$/m);
    expect(missing.stdout).toMatch(/^FINDING +ORDERS +WHAT TO DO\nmissing at RideNDine +1 +Ask RideNDine/m);
  }, 60_000);

  it('leaves out what was made after the list, and what is older than it is told', async () => {
    const file = await listOf([]);
    const yesterday = new Date(Date.now() - 86_400_000);
    await addOrder();

    expect(await findingsIn(file, '--since', '2099-01-01', '--before', '2099-01-02')).toEqual([]);
    expect(await findingsIn(file, '--before', '1h')).toEqual([]);
    await utimes(file, yesterday, yesterday);
    expect(await findingsIn(file)).toEqual([]);
    expect((await findingsIn(file, '--before', '2099-01-01')).length).toBeGreaterThan(0);
  }, 60_000);

  it('looks for orders there that are older than what it is told', async () => {
    const order = await addOrder();

    expect(await findingsIn(await listOf([line(order)]), '--since', '2099-01-01', '--before', '2099-01-02')).toEqual(
      [],
    );
  }, 60_000);

  it('writes how many findings there were for Prometheus', async () => {
    const metrics = path.join(folder, 'reconcile.prom');
    const strange = line({ id: 'x', ridendine_order_id: 'rnd_x', payment_session_id: 'ps_x' });

    const noneHere = ['--since', '2099-01-01', '--before', '2099-01-02'];
    await findingsIn(await listOf([strange]), ...noneHere, '--metrics', metrics);

    const text = await readFile(metrics, 'utf8');
    expect(text).toContain('cooco_reconciliation_findings{kind="missing here"} 1');
    expect(text).toContain('cooco_reconciliation_findings{kind="other ids"} 0');
    expect(text).toMatch(/^cooco_reconciliation_last_timestamp_seconds \d/m);
  }, 60_000);

  it('tells what it has found also where the metrics cannot be written', async () => {
    const ended = await reconcile(['--partner', await listOf([]), '--metrics', folder]);

    expect(ended.exitCode).toBe(1);
    expect(ended.stdout).toContain('missing at RideNDine');
    expect(ended.stderr).toMatch(/^The metrics cannot be written to .* \(E[A-Z]+\)\.$/);
    expect(existsSync(`${folder}.new`)).toBe(false);
  }, 60_000);

  it('shows what stands in a list, and a terminal obeys nothing of it', async () => {
    const file = await listOf(['rnd_\u001b[2J\t', ''], 'ridendine_order_id\tstatus');

    const { stdout } = await reconcile(['--partner', file, '--delimiter', '\\t', '--before', '2000-01-01']);

    expect(stdout).toContain('missing here: RideNDine order rnd_\ufffd[2J');
  }, 60_000);

  it.each<[string, string[], number, string]>([
    ['no list', [], 2, 'Tell where the list is'],
    ['two lists', ['--from-sandbox', '--partner', 'x.csv'], 2, 'Tell where the list is'],
    ['a file that is not there', ['--partner', 'nowhere.csv'], 2, 'There is no file nowhere.csv.'],
    ['a folder', ['--partner', '.'], 1, '. is a folder.'],
    ['a time in which nothing can be', ['--partner', '.', '--since', '2099-01-01'], 2, 'No order here is both'],
    [
      'columns without names',
      ['--partner', '.', '--columns', 'total'],
      2,
      '--columns takes pairs such as "total=amount"',
    ],
    ['a time that is none', ['--partner', '.', '--since', 'soon'], 2, '--since has to be a time'],
  ])('explains %s', async (_what, args, exitCode, expected) => {
    const ended = await reconcile(args);

    expect({ ...ended, stderr: '' }).toEqual({ exitCode, stdout: '', stderr: '' });
    expect(ended.stderr).toContain(expected);
  });

  it('explains a list that is none, and repeats nothing of it', async () => {
    const broken = await listOf(['rnd_1,"unclosed canary']);
    const short = await listOf(['rnd_1,a,b,1,USD,OPEN,one canary too many']);

    for (const [file, why] of [
      [broken, 'a quote is opened in one of its lines and never closed.'],
      [short, 'line 2 is not as the first one says (CSV_RECORD_INCONSISTENT_FIELDS_LENGTH).'],
    ] as const) {
      const { exitCode, stdout, stderr } = await reconcile(['--partner', file]);

      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
      expect(stderr).toContain(why);
      expect(stderr).not.toContain('canary');
    }
  });

  it('explains a Directus that does not answer', async () => {
    const { exitCode, stderr } = await reconcile(['--partner', await listOf([])], {
      DIRECTUS_URL: 'http://127.0.0.1:9',
    });

    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: 'Directus cannot be reached.' });
  });
});

describe(`a list of ${MANY} orders`, () => {
  it('is compared in bounded memory, and each difference that was planted is found, and no other', async () => {
    await removeAll();
    const session = await connectToPostgres(directus.postgres);
    await fill(session);
    const file = path.join(folder, 'many.csv');
    const planted = await writeManyWithDifferences(session, file);
    await session.close();

    const began = performance.now();
    const { url: DIRECTUS_URL, token: DIRECTUS_TOKEN } = directus;
    const { stdout, stderr } = await execa(
      process.execPath,
      [
        `--max-old-space-size=${HEAP_MB}`,
        '--import',
        `data:text/javascript,process.on('exit',()=>process.stderr.write(' maxRSS='+process.resourceUsage().maxRSS))`,
        programFile('src/cli/reconcile/main.ts'),
        '--partner',
        file,
        '--json',
        '--before',
        '2099-01-01',
      ],
      { env: { DIRECTUS_URL, DIRECTUS_TOKEN }, extendEnv: false, reject: false, maxBuffer: 1_000_000_000 },
    );

    const took = performance.now() - began;
    const peakMb = Math.round(Number(/maxRSS=(\d+)/.exec(stderr)?.[1]) / 1024);
    const found: Record<string, number> = {};
    for (const text of stdout.split('\n').filter(Boolean)) {
      const { kind } = JSON.parse(text) as { kind: string };
      found[kind] = (found[kind] ?? 0) + 1;
    }
    const figures = table(
      ['lines', 'differences planted', 'found', 'seconds', 'peak memory, MB'],
      [[MANY, sum(planted), sum(found), seconds(took), peakMb].map(String)],
    );
    process.stdout.write(`${figures}\n`);
    if (process.env['RECONCILE_WRITE'] === '1') await writeFigures('reconcile', figures);
    expect(found).toEqual(planted);
  }, 3_600_000);
});

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}

/** Fills Directus with {@link MANY} copies of an order that the product has written. */
async function fill(session: PostgresSession): Promise<void> {
  const store = createOrdersStore(directus.connection);
  const { id, quoteId } = await writeLinkedOrder(directus, store);
  await storeOrders(session, { count: MANY, likeQuote: quoteId, doing: () => {} });
  await session.sql(`DELETE FROM order_items WHERE "order" = '${id}'; DELETE FROM orders WHERE id = '${id}'`);
}

interface StoredRow extends Order {
  status: string;
  totals: { total: number; currency: string };
}

/**
 * Writes the list of orders that RideNDine would give, but with differences in it.
 *
 * @returns the number of differences of each kind.
 */
async function writeManyWithDifferences(session: PostgresSession, file: string): Promise<Record<string, number>> {
  const planted: Record<string, number> = {};
  const plant = (kind: string) => void (planted[kind] = (planted[kind] ?? 0) + 1);
  const target = createWriteStream(file);
  target.write(`${HEAD}\n`);
  let number = 0;
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const rows = (await session.sql(
      `SELECT id, status, ridendine_order_id, payment_session_id, totals FROM orders WHERE id > $1 ORDER BY id LIMIT 10000`,
      after,
    )) as unknown as StoredRow[];
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.id;
    for (const row of rows) {
      number += 1;
      const { total, currency } = row.totals;
      const usual = { total: String(total), currency };
      const write = (changes: Record<string, string> = {}) => target.write(`${line(row, { ...usual, ...changes })}\n`);
      if (row.ridendine_order_id === null) {
        if ((row.status === 'FAILED' || row.status === 'CANCELLED') && number % 3 === 0) {
          plant('ended here');
          write({ ridendine_order_id: `rnd_ended_${number}` });
        }
        continue;
      }
      switch (number % 500) {
        case 1:
          plant('missing at RideNDine');
          break;
        case 2:
          plant('other total');
          write({ total: String(total + 1) });
          break;
        case 3:
          plant('cancelled there');
          write({ status: 'CANCELLED' });
          break;
        case 4:
          plant('other ids');
          write({ payment_session_id: 'ps_other' });
          break;
        case 5:
          plant('ordered twice');
          write();
          write({ ridendine_order_id: `rnd_again_${number}` });
          break;
        case 6:
          plant('missing here');
          write();
          write({ ridendine_order_id: `rnd_strange_${number}`, external_order_id: randomUUID() });
          break;
        default:
          write();
      }
    }
    if (target.writableNeedDrain) await once(target, 'drain');
  }
  target.end();
  await once(target, 'finish');
  return planted;
}
