import { setTimeout as delay } from 'node:timers/promises';
import proto from '@temporalio/proto';
import { searchAttributes } from '../contract/runs.ts';
import { TemporalAccessError } from './temporal-access.ts';
import type { TemporalAccess } from './temporal-access.ts';

const { IndexedValueType } = proto.temporal.api.enums.v1;

/** The type of all our search attributes. If one gets another type, this does not compile. */
const TYPE: (typeof searchAttributes)[keyof typeof searchAttributes]['type'] = 'KEYWORD';
const KEYWORD = IndexedValueType[`INDEXED_VALUE_TYPE_${TYPE}`];

/** How long to wait for a namespace. Every part of a server knows a new namespace within seconds. */
const NEW_NAMESPACE_MS = 10_000;
const NEW_NAMESPACE_POLL_MS = 250;

/** How the search attributes that a run sets are registered in a namespace. */
export interface RegisteredAttributes {
  missing: string[];
  /** Registered under our name with a type that does not take our values. */
  mistyped: { name: string; type: string }[];
  /** How many search attributes of the type Keyword are registered in all; 0 unless `isManaged`. */
  keywords: number;
  /** Whether the server tells the types and lets us register attributes. Temporal Cloud does neither. */
  isManaged: boolean;
}

/** What `npm run temporal:apply` and `npm run doctor` say if programs cannot register attributes on this server. */
export function howToRegister(missing: string[], namespace: string): string {
  const options = missing.map((name) => `--search-attribute "${name}=Keyword"`).join(' ');
  return (
    'This server takes no search attributes from programs. On Temporal Cloud, add them as Keyword in the Cloud UI ' +
    `(Namespaces, ${namespace}, Edit), or with: tcld namespace search-attributes add --namespace ${namespace} ${options}`
  );
}

export function saysTypes(mistyped: RegisteredAttributes['mistyped']): string {
  const each = mistyped.map(({ name, type }) => `${name} (${type})`).join(', ');
  return (
    `These search attributes are registered with another type than Keyword: ${each}. A type cannot be changed: use ` +
    'another namespace, or remove them with "temporal operator search-attribute remove" if nothing else needs them.'
  );
}

/** How many attributes of the type Keyword a namespace can have if the server keeps them in an SQL database. */
const KEYWORDS_IN_SQL = 10;

/**
 * Whether the missing attributes do not fit into the namespace beside those that are registered. This holds for a
 * server with an SQL database; Elasticsearch has room for more.
 */
export function lacksRoom({ missing, keywords }: RegisteredAttributes): boolean {
  return missing.length > 0 && keywords + missing.length > KEYWORDS_IN_SQL;
}

export function saysRoom({ missing, keywords }: RegisteredAttributes): string {
  return (
    `The namespace has ${keywords} search attributes of the type Keyword, ${missing.length} more are needed, and a server that keeps them in an SQL ` +
    `database holds ${KEYWORDS_IN_SQL}: use another namespace (TEMPORAL_NAMESPACE), or remove what nobody needs with ` +
    '"temporal operator search-attribute remove". Then run "npm run temporal:apply".'
  );
}

/** @throws {TemporalAccessError} */
export async function readSearchAttributes(temporal: TemporalAccess): Promise<RegisteredAttributes> {
  const names = Object.values(searchAttributes).map(({ name }) => name);
  const { namespace } = temporal.settings;
  try {
    const { customAttributes } = await temporal.ask(() =>
      temporal.connection.operatorService.listSearchAttributes({ namespace }),
    );
    return {
      missing: names.filter((name) => customAttributes[name] === undefined),
      mistyped: names.flatMap((name) => {
        const type = customAttributes[name];
        return type === undefined || type === KEYWORD ? [] : [{ name, type: typeName(type) }];
      }),
      keywords: Object.values(customAttributes).filter((type) => type === KEYWORD).length,
      isManaged: true,
    };
  } catch (error) {
    if (!isWithheld(error)) throw error;
    return { missing: await unknownToSearch(temporal, names), mistyped: [], keywords: 0, isManaged: false };
  }
}

/**
 * Registers the missing search attributes. A second call changes nothing.
 *
 * @param onWait called once if the server does not know the namespace, which may be very new.
 * @returns the names that were added.
 * @throws {SearchAttributesError} if a person must correct something.
 * @throws {TemporalAccessError}
 */
export async function registerSearchAttributes(
  temporal: TemporalAccess,
  onWait: () => void = () => {},
): Promise<string[]> {
  const { namespace } = temporal.settings;
  const registered = await whenTheNamespaceIsKnown(() => readSearchAttributes(temporal), onWait);
  const { missing, mistyped, isManaged } = registered;
  // When it is asked to add a name that has another type, the server reports no error.
  if (mistyped.length > 0) throw new SearchAttributesError(saysTypes(mistyped));
  if (missing.length === 0) return [];
  if (!isManaged)
    throw new SearchAttributesError(`Missing: ${missing.join(', ')}. ${howToRegister(missing, namespace)}`);
  try {
    await temporal.ask(() =>
      temporal.connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
      }),
    );
  } catch (error) {
    // The server is asked before its room is judged, because Elasticsearch has room for more.
    const isRefused = error instanceof TemporalAccessError && error.trouble === 'request refused';
    if (isRefused && lacksRoom(registered)) throw new SearchAttributesError(saysRoom(registered));
    throw error;
  }
  return missing;
}

/** A person must correct the search attributes. `message` says which ones, and what to do. */
export class SearchAttributesError extends Error {
  override readonly name = 'SearchAttributesError';
}

async function whenTheNamespaceIsKnown<Result>(ask: () => Promise<Result>, onWait: () => void): Promise<Result> {
  const deadline = Date.now() + NEW_NAMESPACE_MS;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await ask();
    } catch (error) {
      const mayCome = error instanceof TemporalAccessError && error.trouble === 'no such namespace';
      if (!mayCome || Date.now() >= deadline) throw error;
      if (isFirst) onWait();
      await delay(NEW_NAMESPACE_POLL_MS);
    }
  }
}

/**
 * Whether the server has no operator service, or does not let us use it. If the server refuses our credential for
 * everything, the next request fails with that.
 */
function isWithheld(error: unknown): boolean {
  return error instanceof TemporalAccessError && (error.isUnimplemented || error.trouble === 'credential refused');
}

/** The names by which the server cannot search. Asks for each by a search, which needs only the right to see runs. */
async function unknownToSearch(temporal: TemporalAccess, names: string[]): Promise<string[]> {
  const { namespace } = temporal.settings;
  // If the server refuses every search, this one throws. So a refusal below is about the name.
  await temporal.ask(() => temporal.connection.workflowService.countWorkflowExecutions({ namespace, query: '' }));
  const unknown: string[] = [];
  for (const name of names) {
    const query = `${name} = 'none'`;
    try {
      await temporal.ask(() => temporal.connection.workflowService.countWorkflowExecutions({ namespace, query }));
    } catch (error) {
      if (!(error instanceof TemporalAccessError) || error.trouble !== 'request refused') throw error;
      unknown.push(name);
    }
  }
  return unknown;
}

/** `INDEXED_VALUE_TYPE_KEYWORD_LIST` is `KeywordList` to people. */
function typeName(type: number): string {
  const [name = String(type)] = Object.entries(IndexedValueType).find(([, value]) => Number(value) === type) ?? [];
  return name
    .replace(/^INDEXED_VALUE_TYPE_/, '')
    .toLowerCase()
    .replaceAll(/(?:^|_)(\w)/g, (_match, letter: string) => letter.toUpperCase());
}
