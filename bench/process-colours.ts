/** By the name of the process, in the order in which the charts show them. */
export const processColours: Record<string, string> = {
  gateway: '#7a5195',
  worker: '#2f6fb3',
  'gateway with worker': '#5c8fd6',
  temporal: '#17a398',
  directus: '#ef8a3c',
  postgres: '#c9b037',
  'plain handler': '#a8b3bd',
};
