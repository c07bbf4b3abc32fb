import { customEndpoint } from '@directus/sdk';
import type { OrderStatus } from '../../../domain/order.ts';
import { collections, orderFields } from '../collections.ts';
import type { Administration } from './administration.ts';
import { statusColors } from './orders-collection.ts';
import { isRowAsWanted } from './role-with-policy.ts';

/** A list of orders in Data Studio, for everybody who may see orders. */
interface OrderList {
  /** Identifies the list. It is fixed, so that a later call finds the list even if a person has renamed it. */
  mark: string;
  /** Name of the list below the orders in the navigation; `null` for the list that the orders themselves open with. */
  bookmark: string | null;
  icon: string;
  color: string | null;
  filter: { _and: object[] } | null;
}

const { status, dateCreated, dateUpdated, ridendineOrderId, failureCode } = orderFields;

/** The last day. Directus computes the time whenever somebody opens the list. */
const WITHIN_A_DAY = { _gte: '$NOW(-1 day)' };

/** Most orders are linked within a second. An order that is still unlinked after two minutes has met a fault. */
const NOT_JUST_NOW = { _lt: '$NOW(-2 minutes)' };

const is = (wanted: OrderStatus) => ({ [status]: { _eq: wanted } });

const orderLists: OrderList[] = [
  { mark: 'orders', bookmark: null, icon: 'receipt_long', color: null, filter: null },
  {
    mark: 'needs-review',
    bookmark: 'Needs review',
    icon: 'rate_review',
    color: statusColors.NEEDS_REVIEW,
    filter: { _and: [is('NEEDS_REVIEW')] },
  },
  {
    mark: 'failed-today',
    bookmark: 'Failed today',
    icon: 'error',
    color: statusColors.FAILED,
    // An order that was written only to say that it failed has no `date_updated`.
    filter: {
      _and: [is('FAILED'), { _or: [{ [dateCreated]: WITHIN_A_DAY }, { [dateUpdated]: WITHIN_A_DAY }] }],
    },
  },
  {
    mark: 'waiting-for-ridendine',
    bookmark: 'Waiting for RideNDine',
    icon: 'hourglass_top',
    color: statusColors.PENDING_PAYMENT,
    filter: {
      _and: [is('PENDING_PAYMENT'), { [ridendineOrderId]: { _null: true } }, { [dateCreated]: NOT_JUST_NOW }],
    },
  },
];

/** The columns with their widths in pixels. */
const columns = {
  [status]: 140,
  [orderFields.atRidendine]: 180,
  [orderFields.customer]: 140,
  [orderFields.store]: 140,
  [orderFields.total]: 110,
  [dateCreated]: 160,
  // Wide enough for the part of the id that people compare by eye.
  [orderFields.id]: 110,
  [failureCode]: 190,
  [ridendineOrderId]: 230,
};

/** The key of a list's mark in `layout_options`. Data Studio ignores the key there, and keeps it. */
const MARK = 'cooco_order_list';

/** A preset of Directus. With a name it is a bookmark. Without a user and a role it is for everybody. */
interface Preset {
  id: number;
  bookmark: string | null;
  role: string | null;
  layout_options: Record<string, unknown> | null;
  [field: string]: unknown;
}

/**
 * Creates or corrects the lists. Lists that people have made or arranged for themselves win over ours, and are not
 * touched. If somebody has already set what the orders show to everybody, that is kept, and ours is not added.
 *
 * @returns what was made or changed, such as `order list Needs review: added`.
 */
export async function ensureOrderLists(directus: Administration): Promise<string[]> {
  const path = '/presets';
  const filter = { collection: { _eq: collections.orders }, user: { _null: true } };
  const shared = await directus.request(
    customEndpoint<Preset[]>({ path, params: { filter, sort: ['id'], limit: -1, fields: ['*'] } }),
  );
  const changes: string[] = [];
  for (const list of orderLists) {
    const what = `order list ${list.bookmark ?? 'for everybody'}`;
    const preset = presetOf(list);
    const existing = shared.find(({ layout_options: options }) => options?.[MARK] === list.mark);
    if (existing === undefined) {
      if (list.bookmark === null && shared.some(({ bookmark, role }) => bookmark === null && role === null)) continue;
      await directus.request(customEndpoint({ path, method: 'POST', body: JSON.stringify(preset) }));
      changes.push(`${what}: added`);
    } else if (!isRowAsWanted(existing, preset)) {
      const own = `${path}/${existing.id}`;
      await directus.request(customEndpoint({ path: own, method: 'PATCH', body: JSON.stringify(preset) }));
      changes.push(`${what}: changed`);
    }
  }
  return changes;
}

function presetOf({ mark, bookmark, icon, color, filter }: OrderList) {
  return {
    collection: collections.orders,
    user: null,
    role: null,
    bookmark,
    icon,
    color,
    search: null,
    filter,
    layout: 'tabular',
    layout_query: { tabular: { fields: Object.keys(columns), sort: [`-${dateCreated}`], limit: 25 } },
    layout_options: { tabular: { widths: columns }, [MARK]: mark },
  };
}
