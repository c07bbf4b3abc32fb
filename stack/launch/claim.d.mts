export interface ClaimHolder {
  pid: number;
  state: 'asking' | 'held' | 'stopping';
}
export interface Claim {
  markStopping(): void;
  addHelper(pid: number): void;
  release(): void;
}
export class ClaimHeld extends Error {
  readonly holder: ClaimHolder;
}
export function claim(options: {
  folder: string;
  waitsFor: (holder: ClaimHolder) => boolean;
  timeoutMs: number;
}): Promise<Claim>;
