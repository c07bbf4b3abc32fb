export function wantedStamp(root: string): string;
export function isInstalled(root: string): boolean;
export function writeStamp(root: string): void;
export function packagesOfEveryMachine(root: string): string[];
