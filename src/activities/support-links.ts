import type { SupportLinks } from './order-creation-activities.ts';

export interface SupportLinkSettings {
  /** Where people see Directus. */
  directusPublicUrl: string;
  /** Where people read the support runbook, if anywhere. */
  runbookUrl: string | undefined;
}

/** Where a run's details send support staff. A workflow can't read settings. */
export function createSupportLinks({
  directusPublicUrl,
  runbookUrl,
}: SupportLinkSettings): (orderId: string) => SupportLinks {
  const directus = directusPublicUrl.replace(/\/+$/, '');
  return (orderId) => ({ order_page: `${directus}/admin/content/orders/${orderId}`, runbook: runbookUrl ?? null });
}
