import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dashboard, dashboardExpressions } from '../support/metrics-in-use.ts';
import { promtool } from '../support/promtool.ts';

const { panels, ...board } = dashboard();
/** How panels must refer to the provisioned data source. */
const prometheus = { type: 'prometheus', uid: 'prometheus' };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dashboard-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the dashboard', () => {
  it('can be provisioned: it has a uid that stays, and no id of its own', () => {
    expect(board).toMatchObject({ id: null, uid: 'order-creation', title: 'Order creation', schemaVersion: 39 });
    expect(panels.length).toBeGreaterThan(20);
  });

  it('has panels with an id, a title, a description and a question each, in rows', () => {
    const faulty = panels
      .filter(({ type }) => type !== 'row')
      .filter(({ title, description, targets }) => !title || !description?.endsWith('.') || !targets?.length);

    expect(faulty).toEqual([]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(panels[0]?.type).toBe('row');
  });

  it('has no panel over another, and none beyond the 24 columns', () => {
    const taken = new Map<string, string>();
    const clashes: string[] = [];
    for (const { title, gridPos } of panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          const place = `${x}/${y}`;
          if (x >= 24 || taken.has(place)) clashes.push(`${title} at ${place}: ${taken.get(place) ?? 'no column'}`);
          taken.set(place, title);
        }
      }
    }

    expect(clashes).toEqual([]);
  });

  it('asks the one data source that is provisioned', () => {
    const asked = panels.flatMap(({ datasource, targets = [] }) => [
      ...(targets.length > 0 ? [datasource] : []),
      ...targets.map((target) => target.datasource),
    ]);

    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((source) => JSON.stringify(source) !== JSON.stringify(prometheus))).toEqual([]);
  });

  it('asks nothing that Prometheus cannot read', async () => {
    const rules = dashboardExpressions().map(({ expr }, index) => ({ record: `panel:question:${index}`, expr }));
    const file = join(folder, 'questions.json');
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));

    const { exitCode, output } = await promtool(['check', 'rules', file]);

    expect(output).toContain(`SUCCESS: ${rules.length} rules found`);
    expect(exitCode).toBe(0);
  });
});
