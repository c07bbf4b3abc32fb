import type { FaultName } from './partner-faults.ts';

/** How an order may stand when all is over. */
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

/** A customer's checkout with the quote that it confirms: what must come out of it is all in here. */
export interface PlannedOrder {
  /** For a person who reads of it. */
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
  /** What RideNDine does to its calls, one after the other. */
  faults: FaultName[];
  /** RideNDine refuses it, however often it is asked; then there are no other faults. */
  isRefusedForGood: boolean;
  /** What support staff do if it comes to them and RideNDine has it. */
  inReview: 'link' | 'retry';
}
