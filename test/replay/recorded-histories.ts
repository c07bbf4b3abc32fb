import { existsSync, readFileSync, readdirSync } from 'node:fs';

const root = new URL('histories/', import.meta.url);

/** Histories stand in a folder for each version of the product that has recorded some. */
export function historyFile(version: string, scenario: string): URL {
  return new URL(`${version}/${scenario}.json`, root);
}

export interface RecordedHistory {
  version: string;
  scenario: string;
  /** As Temporal tells it in JSON. */
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
