export function installFailureSentence(options: { output: string }): string;
