import type { RunningServices } from './data-folder.ts';
import { readSecret, secretVariables } from './secrets.ts';

type Service = 'Temporal' | 'Directus' | 'RideNDine';

/** The settings of each service. If one is set, the program may mean another service than the embedded stack's. */
const ownSettings: Record<Service, RegExp> = {
  Temporal: /^(?:TEMPORAL_(?!UI_|CLI_PATH$|TEST_SERVER_PATH$)|ENCRYPTION_KEYS$)/,
  Directus: /^(?:DIRECTUS_|TEMPORAL_UI_URL$)/,
  RideNDine: /^RIDENDINE_/,
};

/** Whether a stack that was given the variable `name` lists that name in `RunningServices.given`. */
export function isSettingOfService(name: string): boolean {
  return Object.values(ownSettings).some((pattern) => pattern.test(name));
}

const addresses: Record<Service, string> = {
  Temporal: 'TEMPORAL_ADDRESS',
  Directus: 'DIRECTUS_URL',
  RideNDine: 'RIDENDINE_BASE_URL',
};

const temporalSettings = ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'];
const directusSettings = ['DIRECTUS_URL', 'DIRECTUS_TOKEN', 'DIRECTUS_ADMIN_TOKEN'];

/** What each program takes of the embedded stack, by service. No program gets a credential that it does not use. */
const needs = {
  'src/cli/doctor/main.ts': {
    Temporal: [...temporalSettings, 'ENCRYPTION_KEYS'],
    // With the administrator's token, the doctor makes Directus look at its database again.
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
  /** The variables to add to the environment. */
  variables: Record<string, string>;
  /** The services of the stack that are used. */
  uses: Service[];
  /** Sentences for a person whose program did not succeed: what was not used, and why. */
  notUsed: string[];
}

/**
 * What a program takes of the embedded stack: the address and credential of each service that the environment does not
 * set. Settings of the environment stay as they are. The stack's own are never mixed with those of another service.
 *
 * @param set the variables that are set.
 * @param shownFolder the data folder, as messages show it.
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
    // If the stack was given the same variable, the environment means the service of that stack.
    const other = own(service).find((name) => !given.includes(name));
    if (variables[addresses[service]] === undefined) {
      if (own(service).length > 0) continue;
      settings.notUsed.push(`"npm start" was given the address of a ${service}: set it here, too.`);
    } else if (other !== undefined) {
      settings.notUsed.push(`The embedded stack on ${shownFolder} is not used for ${service}: ${other} is set.`);
    } else {
      settings.uses.push(service);
      for (const name of names.filter((one) => set[one] === undefined)) {
        // Secrets are read from files of the data folder. The running stack tells the values of the others.
        const secret = secretVariables[name];
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
