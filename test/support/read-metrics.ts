export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** Reads a program's metrics. @param url the address of `/metrics`. @returns a sample for each line. */
export async function readMetrics(url: string): Promise<Sample[]> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(60_000) });
  if (!reply.ok) throw new Error(`${url} answered ${reply.status}.`);
  return samplesIn(await reply.text());
}

function samplesIn(text: string): Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new Error(`No sample: ${line}`);
      return {
        name,
        labels: labelsIn(labels),
        value: value === 'NaN' ? Number.NaN : Number(value.replace('Inf', 'Infinity')),
      };
    });
}

function labelsIn(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]));
}
