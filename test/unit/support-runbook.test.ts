import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { failures } from '../../src/domain/failures.ts';
import { orderCreationStages } from '../../src/contract/runs.ts';
import { faultsOfWhoAndWhy, faultsOfReviewDecision } from '../../src/contract/updates.ts';
import { currentDetails } from '../../src/workflows/current-details.ts';

const runbook = readFileSync(new URL('../../docs/support-runbook.md', import.meta.url), 'utf8');

/** The sections of a chapter by their headings, each joined into one line. */
function sectionsOf(chapter: string): Map<string, string> {
  const text = new RegExp(`^## ${chapter}$(.*?)^## `, 'ms').exec(runbook)?.[1] ?? '';
  const sections = text.split(/^### /m).slice(1);
  return new Map(
    sections.map((section) => [section.slice(0, section.indexOf('\n')), section.replaceAll(/\s+/g, ' ')] as const),
  );
}

function filledIn(json: string): string {
  return json
    .replace('"ridendine_order_id": "…"', '"ridendine_order_id": "rnd_1"')
    .replace('"payment_session_id": "…"', '"payment_session_id": "ps_1"')
    .replaceAll('"your name"', '"agent-7"');
}

describe('docs/support-runbook.md', () => {
  it('explains every stage, in their order', () => {
    const stages = sectionsOf('Every stage');

    expect([...stages.keys()]).toEqual([...orderCreationStages]);
    for (const section of stages.values()) {
      for (const part of ['You see', 'It means', 'You do']) expect(section).toContain(`- **${part}:** `);
    }
  });

  it.each(orderCreationStages)('names %s by the heading of its details', (stage) => {
    const [heading = ''] = currentDetails({ state: { stage } }, { table: () => '' }).split('\n');

    expect(sectionsOf('Every stage').get(stage)).toContain(heading.replace('### ', ''));
  });

  it('explains every failure code, in the order of the table', () => {
    const codes = sectionsOf('Every failure code');

    expect([...codes.keys()]).toEqual(Object.keys(failures));
    for (const section of codes.values()) {
      for (const part of ['You see', 'It means', 'You call']) expect(section).toContain(`- **${part}:** `);
    }
  });

  it('shows updates that are accepted once they are filled in, and not before', () => {
    const blocks = [...runbook.matchAll(/^ *```json\n *(.*?)\n *```$/gms)].map(([, json = '']) => json);
    const asTheyStand = blocks.map((json) => JSON.parse(json) as object);
    const examples = blocks.map((json) => JSON.parse(filledIn(json)) as { decision?: string });
    const decisions = examples.filter(({ decision }) => decision !== undefined);
    const cancellations = examples.filter(({ decision }) => decision === undefined);

    expect(decisions.map(({ decision }) => decision)).toEqual(['link', 'retry', 'abandon']);
    expect(decisions.flatMap((decision) => faultsOfReviewDecision(decision))).toEqual([]);
    expect(cancellations.flatMap((request) => faultsOfWhoAndWhy(request))).toEqual([]);
    expect(cancellations).toHaveLength(1);
    for (const example of asTheyStand) {
      const faults = 'decision' in example ? faultsOfReviewDecision(example) : faultsOfWhoAndWhy(example);
      expect(faults).not.toEqual([]);
    }
  });

  it('leads to sections that are there', () => {
    const anchors = new Set(
      [...runbook.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\w\s-]/g, '')
          .replaceAll(' ', '-'),
      ),
    );
    const targets = [...runbook.matchAll(/\]\(#([^)]+)\)/g)].map(([, target]) => target);

    expect(targets.length).toBeGreaterThan(5);
    expect(targets.filter((target) => !anchors.has(target ?? ''))).toEqual([]);
  });
});
