/** In a burst that the cores carry, orders are done one after the other in far less. */
const STALL_MS = 1000;

/**
 * Places all of `orders` at the same time.
 *
 * @returns whether it stalled: for a second or longer no order was done, though some were begun and were done after that.
 */
export async function stallsInBurst(orders: string[], place: (order: string) => Promise<void>): Promise<boolean> {
  const doneAt: number[] = [];
  await Promise.all(
    orders.map(async (order) => {
      await place(order);
      doneAt.push(performance.now());
    }),
  );
  return doneAt.some((at, index) => at - (doneAt[index - 1] ?? at) >= STALL_MS);
}
