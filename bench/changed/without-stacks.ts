// Loaded into the sandbox of the workflows before all others: errors there keep no stack.
Error.stackTraceLimit = 0;
