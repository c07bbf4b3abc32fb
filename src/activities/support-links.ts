import type { SupportLinks } from './order-creation-activities.ts';

export interface SupportLinkSettings {
  /** Address at which people open Directus. */
  directusPublicUrl: string;
  /** Address of the support runbook, if there is one. */
  runbookUrl: string | undefined;
}

/** Makes the links that a run's details show to support staff. A workflow can't read settings. */
export function createSupportLinks({
  directusPublicUrl,
  runbookUrl,
}: SupportLinkSettings): (orderId: string) => SupportLinks {
  const directus = directusPublicUrl.replace(/\/+$/, '');
  return (orderId) => ({ order_page: `${directus}/admin/content/orders/${orderId}`, runbook: runbookUrl ?? null });
}
