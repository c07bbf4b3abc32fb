import { describe, expect, it } from '@jest/globals';
import { runModule } from '../support/run-module.ts';

/** The OpenTelemetry packages that are loaded after the code of worker and gateway and after `startTracing`. */
async function loadedPackages(isOn: boolean): Promise<string[]> {
  const program = `
    import { createRequire } from 'node:module';
    import './src/worker/create-worker.ts';
    import './src/gateway/create-gateway.ts';
    import { startTracing } from './src/telemetry/tracing.ts';
    await startTracing({ isOn: ${isOn}, program: 'any', log: console });
    console.log(JSON.stringify(Object.keys(createRequire(import.meta.url).cache)));`;
  const files = (await runModule(program)) as string[];
  return [...new Set(files.flatMap((file) => /node_modules\/(@opentelemetry\/[^/]+)/.exec(file)?.[1] ?? []))];
}

describe('a program that does not trace', () => {
  it('loads nothing of OpenTelemetry but the few lines that do nothing', async () => {
    expect(await loadedPackages(false)).toEqual(['@opentelemetry/api']);
    expect(await loadedPackages(true)).toContain('@opentelemetry/sdk-trace-base');
  });
});
