/** An amount as people write it: `64.33 USD`. @param minorUnits cents, or whole units for a currency without them. */
export function spokenAmount(minorUnits: number, currency: string): string {
  const { maximumFractionDigits: places = 2 } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
  }).resolvedOptions();
  const digits = String(minorUnits).padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  return `${places === 0 ? whole : `${whole}.${digits.slice(-places)}`} ${currency}`;
}
