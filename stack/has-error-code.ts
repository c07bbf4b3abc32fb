/** Whether this is the system's error of that code (`ESRCH`, `EADDRINUSE`, ...). */
export function hasErrorCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
