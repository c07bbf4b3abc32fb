/** The steps of `orderSweep`, as the workflow calls them and the worker offers them. */
export interface OrderSweepActivities {
  /**
   * Looks at one page of the orders that are unfinished in Directus, the oldest first, and starts a run for each that
   * has none open. One that can't be started is counted as `failed`, and told in the log.
   */
  continueLostOrders(page: {
    /** ISO 8601. */
    created_before: string;
    skip: number;
  }): Promise<{ unfinished: number; continued: number; failed: number; is_last: boolean }>;
}
