/** The decisions of operators about an order, by their names over HTTP and in the form in Directus. */
export const decisions = {
  retry: { takesIds: false },
  link: { takesIds: true },
  abandon: { takesIds: false },
  cancel: { takesIds: false },
  'correct-link': { takesIds: true },
} as const;

export type DecisionName = keyof typeof decisions;

export const decisionNames = Object.keys(decisions) as [DecisionName, ...DecisionName[]];
