import { existsSync, readFileSync, readdirSync } from 'node:fs';

const root = new URL('histories/', import.meta.url);

/** Each version of the product has a folder for the histories that it recorded. */
export function historyFile(version: string, scenario: string): URL {
  return new URL(`${version}/${scenario}.json`, root);
}

export interface RecordedHistory {
  version: string;
  scenario: string;
  /** In Temporal's JSON format. */
  history: unknown;
}

export function recordedHistories(): RecordedHistory[] {
  if (!existsSync(root)) return [];
  return readdirSync(root).flatMap((version) =>
    readdirSync(new URL(`${version}/`, root)).map((file) => {
      const scenario = file.replace(/\.json$/, '');
      return {
        version,
        scenario,
        history: JSON.parse(readFileSync(historyFile(version, scenario), 'utf8')) as unknown,
      };
    }),
  );
}

export function currentVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
