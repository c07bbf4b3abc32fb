/** What a number of callers saw who each placed one order after the other. */
export interface Load {
  /** One for each order, in the order of the answers. */
  latenciesMs: number[];
  elapsedMs: number;
}

/**
 * Places every order once, `parallel` at a time: each caller sends its next order when the last one is answered.
 *
 * @throws what `place` throws. An order that fails makes the figures worthless.
 */
export async function placeAll<Order>(options: {
  orders: Order[];
  parallel: number;
  place: (order: Order) => Promise<void>;
}): Promise<Load> {
  const { orders, parallel, place } = options;
  const latenciesMs: number[] = [];
  // The callers share the one iterator: each order is placed by one of them.
  const next = orders.values();
  const caller = async () => {
    for (const order of next) {
      const sentAt = performance.now();
      await place(order);
      latenciesMs.push(performance.now() - sentAt);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: parallel }, caller));
  return { latenciesMs, elapsedMs: performance.now() - startedAt };
}
