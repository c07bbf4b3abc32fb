import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { environmentWith } from '../../stack/child-environment.ts';
import { findOnPath, isExecutable } from '../../stack/temporal/find-program.ts';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';

const VERSION = '1.39.0';
const FETCH_TIMEOUT_MS = 5 * 60_000;

/** Maven only fetches what a project file names. */
const projectFile = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>cooco</groupId>
  <artifactId>temporal-test-server</artifactId>
  <version>${VERSION}</version>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>${VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

/** Uses the compiler and the garbage collector that start fastest, since each test run is short. */
const startScript = `#!/bin/sh
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$(dirname "$0")/lib/*" io.temporal.testserver.TestServer "$@"
`;

/**
 * Finds the time-skipping test server for the SDK's `existing-path`: by `TEMPORAL_TEST_SERVER_PATH`, in the tool cache,
 * or by Maven (needs a Java runtime). Several processes may call this at the same time.
 *
 * @param doing is called before a slow step, with a description of it.
 * @returns the path of an executable.
 * @throws Error with one sentence if it cannot be found or fetched.
 */
export async function findTestServer(
  environment: Record<string, string | undefined>,
  doing: (what: string) => void = () => {},
): Promise<string> {
  const told = environment['TEMPORAL_TEST_SERVER_PATH'];
  if (told !== undefined && told !== '') {
    if (await isExecutable(told)) return told;
    throw new Error(`TEMPORAL_TEST_SERVER_PATH is ${told}, which can't be run: mend or unset it.`);
  }
  if ((await findOnPath('java', environment['PATH'])) === undefined) {
    throw new Error(
      "Temporal's time-skipping test server needs Java, which is not on the PATH: install a Java runtime (17 or newer), or set TEMPORAL_TEST_SERVER_PATH.",
    );
  }
  const folder = await cacheTool(`temporal-test-server-${VERSION}`, async (unfinished) => {
    doing('fetching it by Maven (once, about 20 seconds, 38 MB)');
    await fetchServer(unfinished, environment);
  });
  return path.join(folder, 'temporal-test-server');
}

async function fetchServer(folder: string, environment: Record<string, string | undefined>): Promise<void> {
  await mkdir(path.join(folder, 'lib'));
  await writeFile(path.join(folder, 'pom.xml'), projectFile);
  const result = await execa(
    'mvn',
    ['--batch-mode', '--quiet', 'dependency:copy-dependencies', `-DoutputDirectory=${path.join(folder, 'lib')}`],
    {
      cwd: folder,
      env: environmentWith(environment, ['MAVEN_', 'JAVA_', 'M2_']),
      extendEnv: false,
      timeout: FETCH_TIMEOUT_MS,
      reject: false,
      all: true,
    },
  );
  if (result.failed) {
    const reason = result.all?.split('\n').find((line) => line.includes('ERROR')) ?? result.shortMessage;
    throw new Error(
      `Temporal's time-skipping test server could not be fetched by Maven (${reason}): check mvn and the network, or set TEMPORAL_TEST_SERVER_PATH.`,
    );
  }
  const script = path.join(folder, 'temporal-test-server');
  await writeFile(script, startScript);
  await chmod(script, 0o755);
}
