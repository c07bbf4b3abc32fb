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

/** What a stack tells of each variable: from `run/services.json`, or from the file that keeps a secret. */
const values = {
  TEMPORAL_ADDRESS: ({ temporal }) => temporal?.address,
  TEMPORAL_NAMESPACE: ({ temporal }) => temporal?.namespace,
  TEMPORAL_UI_URL: ({ temporal }) => temporal?.uiUrl,
  ENCRYPTION_KEYS: (_, files) => readSecret(files.encryptionKeys),
  DIRECTUS_URL: ({ directus }) => directus?.url,
  DIRECTUS_TOKEN: (_, files) => readSecret(files.directusServiceToken),
  DIRECTUS_ADMIN_TOKEN: (_, files) => readSecret(files.directusAdminToken),
  RIDENDINE_BASE_URL: ({ ridendine }) => ridendine?.url,
  RIDENDINE_API_KEY: (_, files) => readSecret(files.ridendineApiKey),
} satisfies Record<string, (services: RunningServices, files: ReturnType<typeof secretFiles>) => string | undefined>;

type Variable = keyof typeof values;

const temporalSettings = ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'] as const;
const directusSettings = ['DIRECTUS_URL', 'DIRECTUS_TOKEN', 'DIRECTUS_ADMIN_TOKEN'] as const;

/** What each program takes of the embedded stack, service by service. No program gets a credential that it does not use. */
const needs = {
  'src/cli/doctor/main.ts': {
    Temporal: [...temporalSettings, 'ENCRYPTION_KEYS'],
    // With its administrator's token the doctor has Directus look at its database anew.
    Directus: directusSettings,
    RideNDine: ['RIDENDINE_BASE_URL', 'RIDENDINE_API_KEY'],
  },
  'src/cli/review/main.ts': { Temporal: [...temporalSettings, 'ENCRYPTION_KEYS'] },
  'src/cli/deployment/main.ts': { Temporal: temporalSettings },
  'src/cli/temporal-apply/main.ts': { Temporal: temporalSettings },
  'src/cli/directus-apply/main.ts': { Directus: [...directusSettings, 'TEMPORAL_UI_URL', 'TEMPORAL_NAMESPACE'] },
} satisfies Record<string, Partial<Record<Service, readonly Variable[]>>>;

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
          const value = values[name](services, secretFiles(dataDir));
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

function isEmbedded(service: Service, { temporal, directus, ridendine }: RunningServices): boolean {
  return { Temporal: temporal, Directus: directus, RideNDine: ridendine }[service] !== undefined;
}

function isSecret(name: Variable): boolean {
  return /_(?:TOKEN|KEYS?)$/.test(name);
}
