import type { Observations } from './observations.ts';

/** What was seen while a schedule ran, with the seconds since it began. */
export function storyOf({ world, answers, requests }: Observations, began: number): string[] {
  const events = [
    ...world.pauses.flatMap(({ from, to }) => [
      { at: from, what: 'Calls to RideNDine are paused' },
      { at: to, what: 'Calls to RideNDine are resumed' },
    ]),
    ...world.history.map(({ at, id, status, ridendineOrderId }) => ({
      at,
      what: `Directus: order ${id.slice(0, 8)} is ${status}${ridendineOrderId === null ? '' : `, linked to ${ridendineOrderId}`}`,
    })),
    ...world.ridendine.calls.map(({ at, key, outcome }) => ({ at, what: `RideNDine: called for ${key}: ${outcome}` })),
    ...answers.flatMap(({ from, to, key, quote, payload, isLookUp, said }) => {
      const what = isLookUp ? `look-up of key ${key}` : `checkout of key ${key}, quote ${quote}, payload ${payload}`;
      return [
        { at: from, what: `Caller: ${what}` },
        { at: to, what: `Caller: ${what}: ${JSON.stringify(said)}` },
      ];
    }),
    ...requests.flatMap(({ from, to, key, what, accepted, reply }) => [
      { at: from, what: `Person: "${what}" for key ${key}` },
      { at: to, what: `Person: "${what}" for key ${key}: ${accepted ? 'accepted' : 'not accepted'} ${reply}` },
    ]),
  ];
  return events.toSorted((a, b) => a.at - b.at).map(({ at, what }) => `${((at - began) / 1000).toFixed(2)} ${what}`);
}
