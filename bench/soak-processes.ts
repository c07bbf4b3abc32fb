/** Ours, of which memory, file descriptors and sockets must not grow; the others only come with them. */
export const judgedProcesses = ['worker', 'gateway'] as const;
