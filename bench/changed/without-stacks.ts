// Loaded into the sandbox of the workflows before all other modules. Errors in the sandbox then keep no stack.
Error.stackTraceLimit = 0;
