/** A setting of a program that the stack or the benchmark starts. @throws Error if it is not set. */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set.`);
  return value;
}
