/** Ends a test run with the one line that any CI can read: `N passed, N failed`, counted from the run itself. */
export default class ClosingLineReporter {
  onRunComplete(_contexts, results) {
    const failedToLoad = results.testResults.filter((file) => file.testExecError !== undefined).length;
    const skipped = results.numPendingTests + results.numTodoTests;
    const suffix = skipped > 0 ? `, ${skipped} skipped` : '';
    const line = `${results.numPassedTests} passed, ${results.numFailedTests + failedToLoad} failed${suffix}\n`;
    // Jest prints its own summary after all reporters. A line that must be the last can only be printed at exit.
    process.once('exit', () => process.stdout.write(`\n${line}`));
  }
}
