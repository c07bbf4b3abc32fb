/** Ends a test run with the one line that any CI can read: `N passed, N failed`, counted from the run itself. */
export default class ClosingLineReporter {
  onRunComplete(_contexts, results) {
    const failedToLoad = results.testResults.filter((file) => file.testExecError !== undefined).length;
    const skipped = results.numPendingTests + results.numTodoTests;
    const suffix = skipped > 0 ? `, ${skipped} skipped` : '';
    const line = `${results.numPassedTests} passed, ${results.numFailedTests + failedToLoad} failed${suffix}\n`;
    // Jest's own summary comes after every reporter: only the end of the process is later.
    process.once('exit', () => process.stdout.write(`\n${line}`));
  }
}
