import type { RunningServices } from './data-folder.ts';
import { readSecret, type Secret } from './secrets.ts';

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

const addresses: Record<Service, string> = {
  Temporal: 'TEMPORAL_ADDRESS',
  Directus: 'DIRECTUS_URL',
  RideNDine: 'RIDENDINE_BASE_URL',
};

/** Read from the data folder; the other variables are told by the stack. */
const secrets: Record<string, Secret> = {
  ENCRYPTION_KEYS: 'encryptionKeys',
  DIRECTUS_TOKEN: 'directusServiceToken',
  DIRECTUS_ADMIN_TOKEN: 'directusAdminToken',
  RIDENDINE_API_KEY: 'ridendineApiKey',
};

const temporalSettings = ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'];
const directusSettings = ['DIRECTUS_URL', 'DIRECTUS_TOKEN', 'DIRECTUS_ADMIN_TOKEN'];

/** What each program takes of the embedded stack, service by service. No program gets a credential that it does not use. */
const needs = {
  'src/cli/doctor/main.ts': {
    Temporal: [...temporalSettings, 'ENCRYPTION_KEYS'],
    // With its administrator's token the doctor has Directus look at its database anew.
    Directus: directusSettings,
    RideNDine: ['RIDENDINE_BASE_URL', 'RIDENDINE_API_KEY'],
  },
  'src/cli/review/main.ts': { Temporal: [...temporalSettings, 'ENCRYPTION_KEYS'] },
  'src/cli/ridendine/main.ts': { Temporal: [...temporalSettings, 'ENCRYPTION_KEYS'] },
  'src/cli/forget/main.ts': { Temporal: temporalSettings, Directus: ['DIRECTUS_URL', 'DIRECTUS_ADMIN_TOKEN'] },
  'src/cli/reconcile/main.ts': {
    Directus: ['DIRECTUS_URL', 'DIRECTUS_TOKEN'],
    RideNDine: ['RIDENDINE_BASE_URL', 'RIDENDINE_API_KEY'],
  },
  'src/cli/deployment/main.ts': { Temporal: temporalSettings },
  'src/cli/temporal-apply/main.ts': { Temporal: temporalSettings },
  'src/cli/directus-apply/main.ts': { Directus: [...directusSettings, 'TEMPORAL_UI_URL', 'TEMPORAL_NAMESPACE'] },
} satisfies Record<string, Partial<Record<Service, string[]>>>;

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
  const needed = Object.entries(needs[program]) as [Service, string[]][];
  const own = (service: Service) => Object.keys(set).filter((name) => ownSettings[service].test(name));
  if (services === undefined) {
    const isOpen = needed.some(([service]) => own(service).length === 0);
    if (isOpen) settings.notUsed.push(`No embedded stack runs on ${shownFolder}: "npm start" starts it.`);
    return settings;
  }
  const { variables, given } = services;
  for (const [service, names] of needed) {
    // A stack that was given the same variable is the one that is meant.
    const other = own(service).find((name) => !given.includes(name));
    if (variables[addresses[service]] === undefined) {
      if (own(service).length > 0) continue;
      settings.notUsed.push(`"npm start" was given the address of a ${service}: set it here, too.`);
    } else if (other !== undefined) {
      settings.notUsed.push(`The embedded stack on ${shownFolder} is not used for ${service}: ${other} is set.`);
    } else {
      settings.uses.push(service);
      for (const name of names.filter((one) => set[one] === undefined)) {
        const secret = secrets[name];
        if (secret !== undefined && given.includes(name)) {
          settings.notUsed.push(`"npm start" was given ${name}, and keeps it nowhere: set it here, too.`);
        } else {
          const value = secret === undefined ? variables[name] : readSecret(dataDir, secret);
          if (value !== undefined) settings.variables[name] = value;
        }
      }
    }
  }
  return settings;
}
