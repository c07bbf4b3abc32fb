import type { RunningServices } from './running-services.ts';
import { readSecret, secretFiles } from './secrets.ts';

type Service = 'Temporal' | 'Directus' | 'RideNDine';

/** A setting of a service is set: then that service is another one, or at least not for us to guess. */
const ownSettings: Record<Service, RegExp> = {
  Temporal: /^(?:TEMPORAL_(?!UI_|CLI_PATH$|TEST_SERVER_PATH$)|ENCRYPTION_KEYS$)/,
  Directus: /^(?:DIRECTUS_|TEMPORAL_UI_URL$)/,
  RideNDine: /^RIDENDINE_/,
};

/** Which names of variables a stack tells, if it was given them: see `RunningServices.given`. */
export function isSettingOfService(name: string): boolean {
  return Object.values(ownSettings).some((pattern) => pattern.test(name));
}

const temporal = ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'] as const;
const directus = ['DIRECTUS_URL', 'DIRECTUS_TOKEN'] as const;

/** What each program takes of the embedded stack, service by service. No program gets a credential that it does not use. */
const needs = {
  'src/cli/doctor/main.ts': {
    Temporal: [...temporal, 'ENCRYPTION_KEYS'],
    // With it the doctor has Directus look at its database anew.
    Directus: [...directus, 'DIRECTUS_ADMIN_TOKEN'],
    RideNDine: ['RIDENDINE_BASE_URL', 'RIDENDINE_API_KEY'],
  },
  'src/cli/review/main.ts': { Temporal: [...temporal, 'ENCRYPTION_KEYS'] },
  'src/cli/deployment/main.ts': { Temporal: temporal },
  'src/cli/temporal-apply/main.ts': { Temporal: temporal },
  'src/cli/directus-apply/main.ts': {
    Directus: [...directus, 'DIRECTUS_ADMIN_TOKEN', 'TEMPORAL_UI_URL', 'TEMPORAL_NAMESPACE'],
  },
} satisfies Record<string, Partial<Record<Service, readonly Variable[]>>>;

type Variable =
  | (typeof temporal)[number]
  | (typeof directus)[number]
  | 'ENCRYPTION_KEYS'
  | 'DIRECTUS_ADMIN_TOKEN'
  | 'TEMPORAL_UI_URL'
  | 'RIDENDINE_BASE_URL'
  | 'RIDENDINE_API_KEY';

export type ProgramBeside = keyof typeof needs;

export function isProgramBeside(program: string): program is ProgramBeside {
  return program in needs;
}

export interface EmbeddedSettings {
  /** What is to be added to the environment. */
  variables: Record<string, string>;
  /** The services of the stack that are used. */
  uses: Service[];
  /** Sentences for a person whose program did not succeed: what was not used, and why. */
  notUsed: string[];
}

/**
 * What a program takes of the embedded stack: for each service of which the environment says nothing, its address and
 * credential. What the environment says stays, and the stack's own is never mixed with it.
 *
 * @param set the variables that are set.
 * @param shownFolder the data folder, as a person is told of it.
 * @param services undefined if no stack runs.
 */
export function embeddedSettings(options: {
  program: ProgramBeside;
  set: Record<string, string>;
  dataDir: string;
  shownFolder: string;
  services: RunningServices | undefined;
}): EmbeddedSettings {
  const { program, set, dataDir, shownFolder, services } = options;
  const settings: EmbeddedSettings = { variables: {}, uses: [], notUsed: [] };
  const needed = Object.entries(needs[program]) as [Service, readonly Variable[]][];
  if (services === undefined) {
    const isOpen = needed.some(([service]) => ownNames(service, set).length === 0);
    if (isOpen) settings.notUsed.push(`No embedded stack runs on ${shownFolder}: "npm start" starts it.`);
    return settings;
  }
  for (const [service, names] of needed) {
    const own = ownNames(service, set);
    // A stack that was given the same variable is the one that is meant.
    const other = own.find((name) => !services.given.includes(name));
    if (!isEmbedded(service, services)) {
      if (own.length > 0) continue;
      settings.notUsed.push(`"npm start" was given the address of a ${service}: set it here, too.`);
    } else if (other !== undefined) {
      settings.notUsed.push(`The embedded stack on ${shownFolder} is not used for ${service}: ${other} is set.`);
    } else {
      settings.uses.push(service);
      for (const name of names.filter((one) => set[one] === undefined)) {
        if (isSecret(name) && services.given.includes(name)) {
          settings.notUsed.push(`"npm start" was given ${name}, and keeps it nowhere: set it here, too.`);
        } else {
          const value = valueOf(name, { dataDir, services });
          if (value !== undefined) settings.variables[name] = value;
        }
      }
    }
  }
  return settings;
}

function ownNames(service: Service, set: Record<string, string>): string[] {
  return Object.keys(set).filter((name) => ownSettings[service].test(name));
}

function isEmbedded(service: Service, services: RunningServices): boolean {
  return (
    { Temporal: services.temporal, Directus: services.directus, RideNDine: services.ridendine }[service] !== undefined
  );
}

function isSecret(name: Variable): boolean {
  return /_(?:TOKEN|KEYS?)$/.test(name);
}

function valueOf(
  name: Variable,
  { dataDir, services }: { dataDir: string; services: RunningServices },
): string | undefined {
  const files = secretFiles(dataDir);
  switch (name) {
    case 'TEMPORAL_ADDRESS':
      return services.temporal?.address;
    case 'TEMPORAL_NAMESPACE':
      return services.temporal?.namespace;
    case 'TEMPORAL_UI_URL':
      return services.temporal?.uiUrl;
    case 'DIRECTUS_URL':
      return services.directus?.url;
    case 'RIDENDINE_BASE_URL':
      return services.ridendine?.url;
    case 'ENCRYPTION_KEYS':
      return readSecret(files.encryptionKeys);
    case 'DIRECTUS_TOKEN':
      return readSecret(files.directusServiceToken);
    case 'DIRECTUS_ADMIN_TOKEN':
      return readSecret(files.directusAdminToken);
    case 'RIDENDINE_API_KEY':
      return readSecret(files.ridendineApiKey);
  }
}
