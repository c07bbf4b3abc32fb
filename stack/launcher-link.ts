/**
 * Calls back once if the launcher that runs this script is gone; never if there was none. Does not keep the process
 * alive.
 */
export function onLauncherGone(callback: () => void): void {
  if (!process.connected) return;
  process.once('disconnect', callback);
  process.channel?.unref();
}
