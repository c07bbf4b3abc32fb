import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PartCommand } from '../../stack/supervisor.ts';
import { serviceOf } from './commands.ts';
import type { Site } from './commands.ts';

const CONFIGURATION = '/etc/prometheus';

/** The compose file's command, on a copy of the configuration that `prepareConfiguration` makes. */
export function prometheusCommand(site: Site, env: Record<string, string>): PartCommand {
  const { project, places } = site;
  const flags = (serviceOf(project, 'prometheus').command ?? []).map((flag) =>
    flag.replace(/=(\/.*)$/, (_, file: string) =>
      file.startsWith(CONFIGURATION)
        ? `=${path.join(configurationFolder(site), path.relative(CONFIGURATION, file))}`
        : `=${places.file('prometheus', file)}`,
    ),
  );
  return {
    name: 'prometheus',
    command: 'prometheus',
    args: [...flags, `--web.listen-address=127.0.0.1:${places.port('prometheus', 9090)}`],
    env,
  };
}

/** Copies deploy/prometheus, and replaces names that only Docker's DNS knows by addresses of this machine. */
export async function prepareConfiguration(site: Site): Promise<void> {
  const { places } = site;
  const folder = configurationFolder(site);
  await cp(places.file('prometheus', CONFIGURATION), folder, { recursive: true });
  const file = path.join(folder, 'prometheus.yml');
  const text = await readFile(file, 'utf8');
  const local = text
    .replaceAll(
      /dns_sd_configs: \[\{ names: \[([\w-]+)\], type: A, port: (\d+)[^\]]*\]/g,
      (_, name: string, port) => `static_configs: [{ targets: ['127.0.0.1:${places.port(name, Number(port))}'] }]`,
    )
    .replaceAll(/127\.0\.0\.1:9090\b/g, `127.0.0.1:${places.port('prometheus', 9090)}`);
  await writeFile(file, local);
}

function configurationFolder({ folder }: Site): string {
  return path.join(folder, 'prometheus');
}
