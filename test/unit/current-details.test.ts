import { describe, expect, it } from '@jest/globals';
import { failures } from '../../src/domain/failures.ts';
import type { FailureCode } from '../../src/domain/failures.ts';
import { orderCreationStages } from '../../src/contract/runs.ts';
import type { OrderCreationState } from '../../src/contract/runs.ts';
import { currentDetails } from '../../src/workflows/current-details.ts';
import type { RunView } from '../../src/workflows/current-details.ts';

const links = {
  order_page: 'https://directus.example.com/admin/content/orders/o-1',
  runbook: 'https://runbook.example.com',
};
const cancelled_by = { id: '1', at: '', actor: 'agent-7', action: 'cancel', reason: 'Ticket `1`' } as const;
const codes = Object.keys(failures) as FailureCode[];

function detailsOf(state: OrderCreationState, view: Omit<RunView, 'state'> = { links }): string {
  return currentDetails({ state, ...view }, { table: () => '| Step |' });
}

describe('the details of a run', () => {
  it.each(orderCreationStages)('say what happened, what happens next and what can be done: %s', (stage) => {
    const details = detailsOf({ stage, order_id: 'o-1', failure: { code: 'RideNDineRejected', reason: 'Refused.' } });

    expect(details).toMatch(
      /^### \S.+\n\n\| Step \|\n\nOrder `o-1` · .+\n\n\*\*What happened:\*\* \S.+\n\n\*\*What happens next:\*\* \S.+\n\n\*\*What you can do:\*\* \S/,
    );
  });

  it('lead to the order in Directus once there is one, and to what the runbook says', () => {
    const early = detailsOf({ stage: 'VALIDATING' });
    const late = detailsOf({ stage: 'LINKED', order_id: 'o-1' });

    expect(early).not.toContain(links.order_page);
    expect(early).toContain('[What the runbook says](https://runbook.example.com#validating)');
    expect(late).toContain(`[The order in Directus](${links.order_page})`);
  });

  it('do without links that are not known', () => {
    expect(detailsOf({ stage: 'LINKED', order_id: 'o-1' }, {})).not.toContain('](');
  });

  it('of an order that is taken on do not say that RideNDine knows nothing of it', () => {
    const state = { stage: 'CREATING_RECORD', order_id: 'o-1' } as const;

    expect(detailsOf(state, { is_continuation: true })).toContain('RideNDine may have it');
    expect(detailsOf(state, { is_continuation: true })).toContain('it then comes to you for review');
  });

  it('of an order that is given up say why, and that Directus is still to be told', () => {
    const given_up_for = { code: 'DirectusUnavailable', reason: 'Directus cannot be reached.' } as const;
    const details = detailsOf({ stage: 'CREATING_RECORD' }, { given_up_for });

    expect(details).toContain('### The order could not be written');
    expect(details).toContain('Directus cannot be reached. (`DirectusUnavailable`)');
    expect(details).not.toContain('30 minutes');
    expect(details).toContain('`cancelOrder`');
  });

  it('tell until when RideNDine is asked, by what is known of the calls so far', () => {
    const details = detailsOf(
      { stage: 'CREATING_RIDENDINE_ORDER', order_id: 'o-1' },
      { asked_until: { not_sent: '2026-11-22T10:05:00.000Z', maybe_sent: '2026-11-23T09:00:00.000Z' } },
    );

    expect(details).toContain('could be sent by 2026-11-22 10:05 UTC');
    expect(details).toContain('no answer by 2026-11-23 09:00 UTC');
  });

  it.each(codes)('in review because of %s say why, what to find out, and how to decide', (code) => {
    const details = detailsOf({
      stage: 'NEEDS_REVIEW',
      order_id: 'o-1',
      failure: { code, reason: 'It is not clear.' },
    });

    expect(details).toContain(`It is not clear. (\`${code}\`)`);
    expect(details).toContain(failures[code].advice.inReview ?? 'send the update `resolveReview`');
    for (const decision of ['link', 'retry', 'abandon']) expect(details).toContain(`{"decision": "${decision}"`);
    expect(details).toContain(`https://runbook.example.com#${code.toLowerCase()}`);
  });

  it('do not promise a failure for want of a call where a call may have arrived before', () => {
    const details = detailsOf(
      { stage: 'CREATING_RIDENDINE_ORDER', order_id: 'o-1' },
      { asked_until: { maybe_sent: '2026-11-23T09:00:00.000Z' } },
    );

    expect(details).not.toContain('ends as failed');
    expect(details).toContain('no answer by 2026-11-23 09:00 UTC');
  });

  it('tell that RideNDine is asked once where somebody has decided that after its time', () => {
    const details = detailsOf({ stage: 'CREATING_RIDENDINE_ORDER', order_id: 'o-1' }, { asked_until: 'once' });

    expect(details).toContain('RideNDine is asked once, as was decided.');
    expect(details).not.toContain('until it answers');
  });

  it.each(['VALIDATING', 'CREATING_RECORD', 'CREATING_RIDENDINE_ORDER'] as const)(
    'offer to cancel once, in %s, and then say who asked and why, as it was typed',
    (stage) => {
      expect(detailsOf({ stage })).toContain('`cancelOrder`');
      expect(detailsOf({ stage }, { cancelled_by })).not.toContain('`cancelOrder`');
      expect(detailsOf({ stage }, { cancelled_by })).toContain("`agent-7` asked to cancel the order: `Ticket '1'`");
    },
  );

  it.each(['SAVING_LINK', 'LINKED'] as const)(
    'say in %s that a cancellation came too late, if there was one',
    (stage) => {
      expect(detailsOf({ stage }, { cancelled_by })).toMatch(
        /`agent-7` asked to cancel the order: `Ticket '1'`\. That came too late/,
      );
      expect(detailsOf({ stage }, { cancellation_ignored: true })).toContain('*Request Cancellation* was pressed.');
      expect(detailsOf({ stage }, { cancellation_ignored: true })).toContain('have RideNDine cancel it');
      expect(detailsOf({ stage })).not.toContain('too late');
    },
  );

  it('in review say that Request Cancellation changes nothing, if somebody has pressed it', () => {
    expect(detailsOf({ stage: 'NEEDS_REVIEW' }, { cancellation_ignored: true })).toContain('changes nothing');
    expect(detailsOf({ stage: 'NEEDS_REVIEW' })).not.toContain('changes nothing');
  });

  it('in review say when the decision is overdue', () => {
    expect(detailsOf({ stage: 'NEEDS_REVIEW', review_overdue: true })).toContain('### Your decision is overdue');
  });

  it.each(codes)('after a failure with %s say what to do about it', (code) => {
    const details = detailsOf({ stage: 'FAILED', failure: { code, reason: 'It did not work.' } });

    expect(details).toContain(`It did not work. (\`${code}\`)`);
    expect(details).toContain(failures[code].advice.whenFailed);
  });

  it.each(['OrderNeedsReview', 'OrderCancelled', 'IdempotencyKeyReused'] as const)(
    'after a failure with %s promise nothing of the same checkout sent again',
    (code) => {
      const details = detailsOf({ stage: 'FAILED', failure: { code, reason: 'It is over.' } });

      expect(details).not.toContain('tried again');
    },
  );
});

describe('the advice', () => {
  it.each(codes.filter((code) => ['backoff', 'slowly', 'retry-after'].includes(failures[code].retry)))(
    'is there while a step that failed with %s is tried again',
    (code) => {
      expect(failures[code].advice.whileTried).toMatch(/\.$/);
    },
  );

  it.each(codes.filter((code) => code.startsWith('RideNDine') || code === 'LinkConflict'))(
    'is there for a review because of %s',
    (code) => {
      expect(failures[code].advice.inReview).toMatch(/\.$/);
    },
  );
});
