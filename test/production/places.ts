import path from 'node:path';
import { freePort } from '../support/free-port.ts';
import type { ComposeProject, ComposeService } from '../support/compose-project.ts';

/**
 * Translates what a compose file names (host names, ports and paths of containers) into what there is on this machine.
 * Everything that a program is told differently from compose is decided here.
 */
export class Places {
  readonly #services: Record<string, ComposeService>;
  readonly #ports: Map<string, number>;
  readonly #folder: string;

  private constructor(services: Record<string, ComposeService>, ports: Map<string, number>, folder: string) {
    this.#services = services;
    this.#ports = ports;
    this.#folder = folder;
  }

  /**
   * @param folder the folder that takes the place of the containers' volumes.
   * @param inner ports that a service uses only inside its container, so that the compose file does not name them.
   */
  static async choose(
    { services }: ComposeProject,
    { folder, inner }: { folder: string; inner: { service: string; port: number }[] },
  ): Promise<Places> {
    const ports = new Map<string, number>();
    for (const { service, port } of [...listeningPorts(services), ...inner]) {
      const place = `${service}:${port}`;
      if (!ports.has(place)) ports.set(place, await freePort());
    }
    return new Places(services, ports, folder);
  }

  /** The port on this machine's loopback. @throws Error if the compose file does not let the service listen there. */
  port(service: string, port: number): number {
    const found = this.#ports.get(`${service}:${port}`);
    if (found === undefined) throw new Error(`Nobody listens at ${service}:${port} as docker-compose.yml has it.`);
    return found;
  }

  /** The path on this machine of a file in a volume. @throws Error if the path is in none of the service's volumes. */
  file(service: string, file: string): string {
    const found = this.#findFile(service, file);
    if (found === undefined) throw new Error(`${service} has no volume with ${file} in docker-compose.yml.`);
    return found;
  }

  /** Folders and files outside its image that the service may write to. */
  writable(service: string): string[] {
    return this.#service(service)
      .volumes.filter(({ read_only: isReadOnly }) => !isReadOnly)
      .map(({ target }) => this.file(service, target));
  }

  /** The environment that compose gives to the service, with the places of this machine. */
  environment(service: string): Record<string, string> {
    const { environment } = this.#service(service);
    const server = serverOf(environment, this.#services) ?? service;
    return Object.fromEntries(
      Object.entries(environment).map(([name, value]) => {
        if (isHostOf(name, value, this.#services)) return [name, HOST];
        if (/(^|_)PORT$/.test(name)) return [name, String(this.port(server, Number(value)))];
        return [name, this.text(service, value)];
      }),
    );
  }

  /** A value or an argument for `service`, with the places of this machine. */
  text(service: string, text: string): string {
    const file = this.#findFile(service, text);
    if (file !== undefined) return file;
    const names = Object.keys(this.#services).join('|');
    // All in one replacement, so that a replaced text is not replaced again.
    const address = new RegExp(`(?<![\\w.-])(${names}|0\\.0\\.0\\.0|127\\.0\\.0\\.1):(\\d+)\\b|0\\.0\\.0\\.0`, 'g');
    return text.replaceAll(address, (_, host: string | undefined, port: string) => {
      if (host === undefined) return HOST;
      // An address for a browser. A port that is not published belongs to a program outside the installation.
      if (host === HOST) return `${HOST}:${this.#published(port) ?? port}`;
      return `${HOST}:${this.port(host in this.#services ? host : service, Number(port))}`;
    });
  }

  #findFile(service: string, file: string): string | undefined {
    for (const { type, source, target } of this.#service(service).volumes) {
      if (file !== target && !file.startsWith(`${target}/`)) continue;
      return path.join(type === 'bind' ? source : path.join(this.#folder, source), path.relative(target, file));
    }
    return undefined;
  }

  /** The port here of the service that the compose file publishes at `published`; undefined if there is none. */
  #published(published: string): number | undefined {
    for (const [name, { ports }] of Object.entries(this.#services)) {
      const found = ports.find((port) => port.published === published);
      if (found !== undefined) return this.port(name, found.target);
    }
    return undefined;
  }

  #service(name: string): ComposeService {
    const found = this.#services[name];
    if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}.`);
    return found;
  }
}

const HOST = '127.0.0.1';

/** Whether a variable is the host of a server. Host and port may be two variables: `DB_HOST` and `DB_PORT`. */
function isHostOf(name: string, value: string, services: Record<string, ComposeService>): boolean {
  return /(_HOST|_SEEDS)$/.test(name) && value in services;
}

function serverOf(environment: Record<string, string>, services: Record<string, ComposeService>): string | undefined {
  return Object.entries(environment).find(([name, value]) => isHostOf(name, value, services))?.[1];
}

/** Every port on which the compose file lets a service listen. Some ports come repeatedly. */
function listeningPorts(services: Record<string, ComposeService>): { service: string; port: number }[] {
  const all = JSON.stringify(services);
  return Object.entries(services).flatMap(([name, service]) => {
    const { environment, ports, healthcheck } = service;
    const own = [
      ...ports.map(({ target }) => target),
      ...portsIn(JSON.stringify(environment), /0\.0\.0\.0:(\d+)/g),
      ...portsIn(JSON.stringify(healthcheck ?? {}), /127\.0\.0\.1:(\d+)/g),
      ...portsIn(all, new RegExp(`(?<![\\w.-])${name}:(\\d+)\\b`, 'g')),
    ];
    const variables = Object.entries(environment).filter(([variable]) => /(^|_)PORT$/.test(variable));
    const server = serverOf(environment, services) ?? name;
    return [
      ...own.map((port) => ({ service: name, port })),
      ...variables.map(([, port]) => ({ service: server, port: Number(port) })),
    ];
  });
}

function portsIn(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map(([, port]) => Number(port));
}
