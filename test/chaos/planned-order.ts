import type { FaultName } from './partner-faults.ts';

/** How an order may have ended after the last answer. */
export type Outcome = 'LINKED' | 'FAILED';

export interface PlannedLine {
  menu_item_id: string;
  name: string;
  quantity: number;
  unit_price: number;
  options?: { name: string; value: string }[];
  note?: string;
}

export interface PlannedTotals {
  currency: string;
  subtotal: number;
  delivery_fee: number;
  total: number;
}

/** A customer's checkout and the quote that it confirms. The check derives all expected results from it. */
export interface PlannedOrder {
  /** Names the order in messages. */
  name: string;
  key: string;
  checkout: {
    customer_id: string;
    quote_id: string;
    fulfillment_method: 'DELIVERY' | 'PICKUP';
    shipping_snapshot?: { address: string; lat: number; lng: number };
    customer_note?: string;
  };
  store_id: string;
  items: PlannedLine[];
  totals: PlannedTotals;
  /** The faults of the order's calls to RideNDine: the first call meets the first fault, and so on. */
  faults: FaultName[];
  /** RideNDine refuses every call for the order. Such an order has no other faults. */
  isRefusedForGood: boolean;
  /** The decision of support staff if the order comes to review and RideNDine has it. */
  inReview: 'link' | 'retry';
}
