/** Whether the error has this code, such as `ESRCH` or `EADDRINUSE`. */
export function hasErrorCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
